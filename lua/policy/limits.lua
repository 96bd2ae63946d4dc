-- limit-connections, limit-rps, limit-rpm: how much one client may ask of an Ingress, counted over
-- its paths and all workers. A request is asked once, however often it is routed.

local cidr = require("lib.cidr")
local leaky_bucket = require("lib.leaky_bucket")
local under_way = require("lib.under_way")

local buckets = ngx.shared.sluice_buckets
local exit = ngx.exit
local floor = math.floor
local max = math.max
local now = ngx.now

local _M = {}

-- What $sluice_limited says of a request that was asked and does not count as under way.
local ASKED = "-"

-- { interval, burst } in microseconds, for `number` requests in `seconds`.
local function rate(number, seconds, multiplier)
  local interval = max(1, floor(seconds * 1e6 / number))
  return { interval = interval, burst = interval * number * multiplier }
end

function _M.route(route)
  local limits = route.policy.limits
  if not limits then
    return nil
  end
  -- Not on top: config.feed compiles routes, so it loads this module.
  local feed = require("config.feed")
  local owner = route.namespace .. "/" .. route.ingress .. " "
  local exempt = limits.exempt and cidr.compile(limits.exempt)
  local most = limits.connections
  local second = limits.per_second and rate(limits.per_second, 1, limits.burst_multiplier)
  local minute = limits.per_minute and rate(limits.per_minute, 60, limits.burst_multiplier)

  local function passes(limit, key)
    local time = floor(now() * 1000 + 0.5) * 1000
    return leaky_bucket.pass(buckets, key, limit.interval, limit.burst, time)
  end

  return function(var)
    if var.sluice_limited ~= "" or exempt and exempt(var.binary_remote_addr) then
      return
    end
    var.sluice_limited = ASKED
    local settings = feed.settings()
    local client = var[settings.limit_variable]
    if not client or client == "" then
      return
    end
    if most then
      local key = owner .. client
      local counted = under_way.enter(key, most)
      if counted then
        var.sluice_limited = key
      elseif counted == false then
        return exit(settings.limit_conn_status)
      end
    end
    local by_second = second and "s " .. owner .. client
    if second and not passes(second, by_second) then
      return exit(settings.limit_req_status)
    end
    if minute and not passes(minute, "m " .. owner .. client) then
      if second then
        leaky_bucket.give_back(buckets, by_second, second.interval) -- who is refused does not count
      end
      return exit(settings.limit_req_status)
    end
  end
end

--- The log phase: the request is no longer under way, whoever ended it. A subrequest shares the
-- variables of its parent, which goes on.
function _M.leave(var)
  if not under_way.has_any() or ngx.is_subrequest then
    return
  end
  local key = var.sluice_limited
  if key and key ~= "" and key ~= ASKED then
    under_way.leave(key)
    var.sluice_limited = ASKED
  end
end

return _M
