-- Requests and errors by route and by endpoint, for the dashboard: only while somebody asks for
-- them. A table in the worker, added to shared memory each second.
--
-- The dictionary holds "q<key>" requests, "e<key>" errors, "until" (nobody asked for so long: the
-- workers stop counting) and "since". The keys are "route <host> <match> <path>" and
-- "endpoint <backend> <address>"; the model bounds their number, and a full dictionary drops those
-- that were not counted for longest.

local tries = require("balancer.tries")

local find = string.find
local now = ngx.now
local sub = string.sub

local shared = ngx.shared.sluice_traffic

-- In seconds.
local LEASE = 150

local _M = {}

-- Whether requests are counted; the log phase looks here first.
_M.is_on = false

local pending = {}

local function add(key)
  pending[key] = (pending[key] or 0) + 1
end

local function key_of(route)
  local key = route.traffic
  if not key then
    key = "route " .. route.host .. " " .. route.match .. " " .. route.path
    route.traffic = key
  end
  return key
end

-- By the display name, as what is said of endpoints that are left out.
local function add_tries(name, var, is_error)
  local text = var.upstream_addr
  if not text or text == "" then
    return
  end
  if not find(text, " ", 1, true) then
    local key = "endpoint " .. name .. " " .. text
    add("q" .. key)
    if is_error then
      add("e" .. key)
    end
    return
  end
  -- Tries before the last one failed, else there would have been no other.
  local addresses = tries.current(text)
  for i = 1, #addresses do
    local key = "endpoint " .. name .. " " .. addresses[i]
    add("q" .. key)
    if is_error or i < #addresses then
      add("e" .. key)
    end
  end
end

--- In the log phase, of requests that found a route. `name` is the display name of the backend that
-- served it, nil for none.
function _M.count(var, route, status, name)
  local key = key_of(route)
  local is_error = status >= 500
  add("q" .. key)
  if is_error then
    add("e" .. key)
  end
  if name then
    add_tries(name, var, is_error)
  end
end

--- Adds what this worker counted to shared memory, and looks whether to go on.
function _M.flush()
  if _M.is_on then
    for key, number in pairs(pending) do
      local _, err = shared:incr(key, number, 0)
      if err then
        ngx.log(ngx.WARN, "adding to the counter ", key, ": ", err)
      end
    end
    pending = {}
  end
  _M.is_on = (shared:get("until") or 0) > now()
end

--- All counters; goes on counting for a while.
function _M.all()
  local ok, err = shared:set("until", now() + LEASE)
  if not ok then
    ngx.log(ngx.WARN, "asking the workers to count: ", err)
  end
  _M.flush()
  shared:add("since", now())
  local requests, errors = {}, {}
  for _, key in ipairs(shared:get_keys(0)) do
    local kind = sub(key, 1, 1)
    if kind == "q" then
      requests[sub(key, 2)] = shared:get(key)
    elseif kind == "e" then
      errors[sub(key, 2)] = shared:get(key)
    end
  end
  return { since = shared:get("since"), requests = requests, errors = errors }
end

--- Called once in each worker.
function _M.start()
  assert(ngx.timer.every(1, _M.flush))
end

return _M
