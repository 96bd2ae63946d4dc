-- Request counters: a table in the worker, added to shared memory each second and when the worker
-- ends.

local shared = ngx.shared.sluice_counters
local balancer = require("balancer.balancer")
local hosts = require("router.host")
local in_flight = require("balancer.in_flight")
local limits = require("policy.limits")
local traffic = require("metrics.traffic")
local variables = require("router.variables")

local escape_uri = ngx.escape_uri
local gmatch = string.gmatch

local _M = {}

local pending = {}

-- The variables that the log of this configuration prints: name -> true, and whether there are any.
local logged, has_logged = {}, false

-- Requests that ended before a route was found.
local UNROUTED = "|||"

local function label(route)
  if not route.counter then
    route.counter = table.concat({ route.namespace, route.ingress, route.service, "" }, "|")
  end
  return route.counter
end

local function count(prefix, status)
  local by_status = pending[prefix]
  if not by_status then
    by_status = {}
    pending[prefix] = by_status
  end
  by_status[status] = (by_status[status] or 0) + 1
end

-- No loop over the names: LuaJIT gives up functions with loops that mostly end after a turn or two.
local function fill(var, route)
  -- router/errors.lua has named another one.
  local is_named = route.has_stand_in and var.proxy_upstream_name ~= ""
  if logged.proxy_upstream_name and not is_named then
    var.proxy_upstream_name = route.upstream
  end
  if logged.namespace then
    var.namespace = route.namespace
  end
  if logged.ingress_name then
    var.ingress_name = route.ingress
  end
  if logged.service_name then
    var.service_name = route.service
  end
  if logged.service_port then
    var.service_port = route.port
  end
  if logged.location_path then
    var.location_path = route.path
  end
  if logged.subdomain then
    var.subdomain = variables.subdomain(var, route)
  end
  if logged.escaped_request_uri then
    var.escaped_request_uri = escape_uri(var.request_uri)
  end
end

--- The log phase. Runs before the access log is written, so it also fills the variables that log
-- formats use.
function _M.log()
  local var = ngx.var
  limits.leave(var)
  local key = var.sluice_route
  local route = key and key ~= "" and hosts.route(key)
  if not route then
    count(UNROUTED, ngx.status)
    return
  end
  hosts.leave(route)
  local status = ngx.status
  local canary = route.splits and var.proxy_alternative_upstream_name
  if canary and canary ~= "" then
    count(label(route), status .. "|" .. canary)
  else
    count(label(route), status)
  end
  local held = route.counts and in_flight.finish(var)
  if route.learns or status == 502 or status == 504 then
    balancer.learn(var, route, held)
  end
  if traffic.is_on then
    traffic.count(var, route, status, balancer.name_of(var, route))
  end
  if has_logged and var.no_log ~= "1" then
    fill(var, route)
  end
end

--- Adds what this worker counted to shared memory.
function _M.flush()
  for prefix, by_status in pairs(pending) do
    for status, number in pairs(by_status) do
      local _, err = shared:incr(prefix .. status, number, 0)
      if err then
        ngx.log(ngx.WARN, "adding to the counter ", prefix, ": ", err)
      end
    end
  end
  pending = {}
end

--- All counters: "namespace|ingress|service|status" -> number, "…|status|canary" for canaries.
function _M.all()
  _M.flush()
  local all = {}
  for _, key in ipairs(shared:get_keys(0)) do
    all[key] = shared:get(key)
  end
  return all
end

--- Called once in each worker: `names` are the variables that the access log prints, by blanks.
function _M.start(names)
  for name in gmatch(names, "%S+") do
    logged[name], has_logged = true, true
  end
  assert(ngx.timer.every(1, _M.flush))
end

return _M
