-- Answers of a default backend: in place of errors (custom-http-errors), and of a backend without
-- endpoints (default-backend). DEF-06, SVC-02 of docs/spec/annotations.yaml.

local dns = require("lib.dns")
local feed = require("config.feed")
local headers = require("router.headers")
local hosts = require("router.host")
local names = require("router.names")

local exit = ngx.exit
local match = string.match
local set_header = ngx.req.set_header

local _M = {}

local function has_peers(id)
  local backend = feed.backend(id)
  if backend and backend.resolve then
    dns.refresh(backend)
  end
  return backend and #backend.peers > 0
end

-- Sends the request there, with what it needs to know; the log names it as it always did.
local function redirect_to(id, code, var, route)
  var.sluice_backend = id
  local namespace, service = match(id, "^([^/]*)/([^/]*)/")
  local is_own = id == route.policy.default_backend
  var.proxy_upstream_name = is_own and "custom-default-backend-" .. namespace .. "-" .. service
    or "upstream-default-backend"
  set_header("X-Code", code)
  set_header("X-Format", var.http_accept)
  set_header("X-Namespace", route.namespace)
  set_header("X-Ingress-Name", route.ingress)
  set_header("X-Service-Name", route.service)
  set_header("X-Service-Port", route.port)
end

--- For a route whose backend has no endpoints: true when its default-backend takes the request.
function _M.stand_in(var, route)
  local id = route.target.kind == "backend" and route.policy.default_backend
  if not id or not has_peers(id) then
    return false
  end
  redirect_to(id, 503, var, route)
  return true
end

-- In native mode nginx checks the length of the body before the location has noted its route.
local function find_native(var)
  local host = names.find(var.host)
  local route = host and host.native and hosts.find(host, var.uri)
  if route then
    var.sluice_route = route.key
    hosts.enter(route)
  end
  return route
end

--- The rewrite phase of `location @error_<code>`. Errors of routes that do not want them replaced
-- come through here too, when they happen before the jump into the profile.
function _M.rewrite(code)
  local var = ngx.var
  local key = var.sluice_route
  local route
  if key and key ~= "" then
    route = hosts.route(key)
  else
    route = find_native(var)
  end
  if not route or not route.errors or not route.errors[code] then
    return exit(code)
  end
  for _, id in ipairs(route.policy.error_backends) do
    if has_peers(id) then
      redirect_to(id, code, var, route)
      headers.send(var)
      set_header("X-Original-URI", var.request_uri)
      ngx.req.set_uri("/")
      var.sluice_host = var.best_http_host -- whatever upstream-vhost says
      return
    end
  end
  return exit(404)
end

return _M
