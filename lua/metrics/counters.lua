-- The log phase: what a request held is given back, the request is measured, and the variables that
-- logs print are filled.

local balancer = require("balancer.balancer")
local hosts = require("router.host")
local in_flight = require("balancer.in_flight")
local limits = require("policy.limits")
local series = require("metrics.series")
local traffic = require("metrics.traffic")
local variables = require("router.variables")

local escape_uri = ngx.escape_uri
local gmatch = string.gmatch

local _M = {}

-- The variables that the log of this configuration prints: name -> true, and whether there are any.
local logged, has_logged = {}, false

local measure = series.measure
-- Whether requests are measured; known from the worker's start on.
local measures = false

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
    -- Our own pages are nobody's requests.
    if measures and var.no_log ~= "1" then
      measure(var, nil, ngx.status, "")
    end
    return
  end
  hosts.leave(route)
  local status = ngx.status
  if measures then
    measure(var, route, status, route.splits and var.proxy_alternative_upstream_name or "")
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

--- Called once in each worker, after series.start(): `names` are the variables that the access log
-- prints, by blanks.
function _M.start(names)
  for name in gmatch(names, "%S+") do
    logged[name], has_logged = true, true
  end
  measures = series.is_on()
end

return _M
