-- How often a backend's requests may be tried again: a part of those that it had lately, so that
-- retries cannot multiply an outage. Counted in each worker; what is past counts less and less.

local _M = {}

local shared = ngx.shared.sluice_peers

-- Retries that are free in any case, so that a backend with little traffic has some: 10 a second
-- and worker, in the long run.
local FREE = 100
-- After so many seconds everything counts half.
local HALF_LIFE = 5
local TELLS = "backend %s fails so often that its requests are not tried again for now "
  .. "(proxy-next-upstream-budget)"

local budgets = setmetatable({}, { __mode = "k" })
-- Since the last flush, in this worker: tries after the first, and requests that could have none.
local pending = { retries = 0, withheld = 0 }

--- `percent` of the requests may be tries after the first; 0 or nil for any number of them. The
-- budget of the same backend until now lives on.
function _M.new(percent, name, before)
  local budget = before or { requests = 0, retries = 0 }
  budget.ratio = percent and percent > 0 and percent / 100 or math.huge
  budget.name = name
  budgets[budget] = true
  return budget
end

--- Whether a try may be followed by another one.
function _M.allows(budget)
  if budget.retries < FREE + budget.requests * budget.ratio then
    return true
  end
  pending.withheld = pending.withheld + 1
  if not budget.is_told then
    budget.is_told = true
    ngx.log(ngx.WARN, TELLS:format(budget.name))
  end
  return false
end

--- Counts a try after the first.
function _M.spend(budget)
  budget.retries = budget.retries + 1
  pending.retries = pending.retries + 1
end

local function decay(premature)
  if premature then
    return
  end
  for budget in pairs(budgets) do
    budget.requests = budget.requests / 2
    budget.retries = budget.retries / 2
    budget.is_told = budget.is_told and budget.retries >= FREE / 2
  end
end

--- Adds what this worker counted to shared memory.
function _M.flush()
  for name, number in pairs(pending) do
    if number > 0 then
      local _, err = shared:incr(name, number, 0)
      if err then
        ngx.log(ngx.WARN, "counting ", name, ": ", err)
      end
      pending[name] = 0
    end
  end
end

--- Over all workers, but for the last second: tries after the first, and requests that could have
-- none.
function _M.report()
  _M.flush()
  return { retries = shared:get("retries") or 0, withheld = shared:get("withheld") or 0 }
end

--- Called once in each worker.
function _M.start()
  assert(ngx.timer.every(HALF_LIFE, decay))
  assert(ngx.timer.every(1, _M.flush))
end

return _M
