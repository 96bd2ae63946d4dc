-- How many requests of a key are under way, over all workers. The sum of a key is one number in
-- shared memory. Beside it every worker keeps its own share under its pid, so that what a worker
-- that was killed held is given back when the next one starts; one that ends gives back its rest.

local process = require("lib.process")

local dict = ngx.shared.sluice_under_way
local match = string.match

-- A sum of nothing is forgotten after this many seconds.
local IDLE = 60

local _M = {}

-- This worker's share: key -> number, and their sum.
local own, own_sum = {}, 0
local prefix = ""

local function add(key, number)
  local sum, err = dict:incr(key, number, 0)
  if not sum then
    return nil, err
  end
  if sum > 0 then
    dict:expire(key, 0)
  elseif sum < 0 then
    dict:incr(key, -sum) -- the sum was evicted from a full dictionary while requests were counted
  else
    dict:expire(key, IDLE)
    if dict:get(key) ~= 0 then
      dict:expire(key, 0) -- another worker was faster
    end
  end
  return sum
end

local function add_own(key, number)
  local share = (own[key] or 0) + number
  own[key] = share > 0 and share or nil
  own_sum = own_sum + number
  if share > 0 then
    return dict:set(prefix .. key, share)
  end
  dict:delete(prefix .. key)
end

--- Counts a request unless there are `limit` of them. True when it is counted, nil when there is no
-- memory to count it; false when it is one too many.
function _M.enter(key, limit)
  if (dict:get(key) or 0) >= limit then
    return false
  end
  local sum, err = add(key, 1)
  if not sum then
    return nil, err
  end
  if sum > limit then
    add(key, -1)
    return false
  end
  add_own(key, 1)
  return true
end

--- Counts the end of a request that was counted.
function _M.leave(key)
  add_own(key, -1)
  add(key, -1)
end

--- Whether this worker counts any request at all.
function _M.has_any()
  return own_sum > 0
end

-- Gives back the shares of workers that were killed. Another worker that starts may do the same.
local function repair()
  local pid = ngx.worker.pid()
  local claimed = {}
  for _, name in ipairs(dict:get_keys(0)) do
    local owner, key = match(name, "^pid (%d+) (.*)$")
    owner = tonumber(owner)
    if owner and (owner == pid or not process.is_alive(owner)) then
      if claimed[owner] == nil then
        claimed[owner] = owner == pid or dict:add("claim " .. owner, true, IDLE) == true
      end
      local share = claimed[owner] and dict:get(name)
      if share then
        dict:delete(name)
        add(key, -share)
      end
    end
  end
end

--- Called once in each worker.
function _M.start()
  prefix = "pid " .. ngx.worker.pid() .. " "
  repair()
end

--- Called when the worker ends.
function _M.stop()
  for key, share in pairs(own) do
    dict:delete(prefix .. key)
    add(key, -share)
  end
  own, own_sum = {}, 0
end

return _M
