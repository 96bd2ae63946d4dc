-- The rewrite phase of every request: host → path → route, then what the route's data says
-- (redirect, 503, 413), then the jump into the route's profile. Phase order: PHASE-01 of
-- docs/spec/annotations.yaml.

local balancer = require("balancer.balancer")
local cidr = require("lib.cidr")
local dns = require("lib.dns")
local errors = require("router.errors")
local feed = require("config.feed")
local headers = require("router.headers")
local in_flight = require("balancer.in_flight")
local hosts = require("router.host")
local names = require("router.names")
local profiles = require("router.profiles")
local response = require("lib.redirect")
local split = require("balancer.split")
local variables = require("router.variables")

local exec = ngx.exec
local exit = ngx.exit
local find = string.find
local lower = string.lower
local match = string.match
local sub = string.sub

local _M = {}

-- Host headers by their normalised name, false for malformed ones. Emptied when full: clients
-- choose the keys.
local checked, checked_size = {}, 0
local MAX_CHECKED = 10000

-- The name in a Host header: lower case, without port and final dot. False unless it is a name, an
-- IPv4 address or a bracketed IPv6 address with an optional port (R20).
local function normal_name(header)
  local known = checked[header]
  if known ~= nil then
    return known
  end
  local name = match(header, "^([%w._-]+):?%d*$") or match(header, "^(%[[%x:.]+%]):?%d*$") or false
  if name then
    name = lower(name)
    if sub(name, -1) == "." then
      name = sub(name, 1, -2)
    end
  end
  if checked_size >= MAX_CHECKED then
    checked, checked_size = {}, 0
  end
  checked[header] = name
  checked_size = checked_size + 1
  return name
end

-- nginx's own redirect of "/p" to "/p/" with the query (PATH-05).
local function redirect_to_slash(var, route, uri)
  local args = var.args
  local location = response.to_path(var, route.policy, ngx.escape_uri(uri, 0) .. "/")
  return response.redirect(301, args and args ~= "" and location .. "?" .. args or location)
end

-- TLS-09, TLS-10: the host without its port, one final slash of the whole request URI removed
-- unless it is to be kept.
local function redirect_to_tls(var, route, settings)
  local name = normal_name(var.best_http_host) or var.host
  local uri = response.request_path(var)
  if not route.policy.preserve_trailing_slash and sub(uri, -1) == "/" then
    uri = sub(uri, 1, -2)
  end
  local port = route.policy.port_in_redirects and ":" .. settings.https_port or ""
  return response.redirect(settings.redirect_code, "https://" .. name .. port .. uri)
end

-- "_" also answers the health check and, to this machine, the status page (HOST-15).
local function own_page(var, uri, settings)
  if uri == settings.health_check_path then
    var.no_log = "1"
    return exit(200)
  end
  if uri == "/nginx_status" then
    local address = var.realip_remote_addr
    local bytes = cidr.bytes(address)
    if address == "unix:" or bytes and settings.may_see_status(bytes) then
      var.no_log = "1"
      return exec("@status")
    end
    return exit(403)
  end
end

-- Asks policies one after the other; one that answers ends the request.
local function ask(policies, var, route)
  for i = 1, #policies do
    policies[i](var, route)
  end
end

-- Notes the route of a request.
local function note(var, route)
  var.sluice_route = route.key
  hosts.enter(route)
  if not route.policy.access_log then
    var.no_log = "1"
  end
  if route.policy.jumps_first or route.native then
    var.sluice_after_snippet = ""
    variables.fill(var, route)
  elseif feed.settings().fill_variables then
    variables.fill(var, route)
  end
end

-- An internal redirect came back: variables survive it.
local function leave(var)
  local before = var.sluice_route
  if before and before ~= "" then
    hosts.leave_key(before)
    in_flight.release(var)
    var.sluice_route = ""
    var.sluice_backend = ""
    var.sluice_session = ""
    var.proxy_upstream_name = ""
    var.no_log = ""
    var.proxy_alternative_upstream_name = ""
    var.sluice_host = var.best_http_host
  end
end

-- TLS-07; names that are aliases need a certificate of their own for it.
local function leads_to_tls(var, route)
  if not route.policy.redirect_to_tls or var.pass_access_scheme ~= "http" then
    return false
  end
  local name = var.host
  local _, is_alias = names.find(name)
  return not is_alias or route.policy.force_tls or names.has_certificate(name)
end

-- 503 (SVC-01); for a default backend the built-in 404 (DEF-01), which stands in for one: who may
-- not enter does not get it either. With external authentication auth/answer.lua ends it, in the
-- profile.
local function without_endpoints(var, route)
  if route.target.kind ~= "default" then
    return exit(503)
  end
  if route.before_proxy then
    ask(route.before_proxy, var, route)
  end
  if not route.external then
    return exit(404)
  end
end

-- What the route's data says, between its choice and its backend. Returns when the request is to go
-- on in its profile. `again(var, argument)` routes it anew.
local function obey(var, route, again, argument)
  if route.before_tls then
    ask(route.before_tls, var, route)
  end
  if leads_to_tls(var, route) then
    return redirect_to_tls(var, route, feed.settings())
  end
  local target = route.target
  local backend = target.id and feed.backend(target.id)
  if target.id and not backend and feed.has_moved() then
    -- The backend went with a change that came after this request had found its route.
    return again(var, argument)
  end
  if backend and backend.resolve then
    dns.refresh(backend)
  end
  if not backend or #backend.peers == 0 then
    if not errors.stand_in(var, route) then
      return without_endpoints(var, route)
    end
  elseif backend.canaries then
    split.decide(var, route, backend)
  end
  if route.before_proxy then
    ask(route.before_proxy, var, route)
  end

  local limit = route.policy.max_body_bytes
  if limit > 0 then
    local length = var.content_length
    if length and (tonumber(length) or 0) > limit then
      return exit(413)
    end
  end
  if not balancer.reserve(var, route, backend) then
    return exit(503)
  end
  headers.send(var)
end

-- The host of a request, once nothing that holds for all its paths has answered.
local function admit(var, server)
  local name = var.host
  local header = var.http_host
  if header then
    local normal = normal_name(header)
    if not normal then
      return exit(400)
    end
    if normal ~= name then
      -- An absolute request line beats the header (RFC 9112, 3.2.2): the backend must not see
      -- another host than we do.
      var.best_http_host = name
    end
  else
    var.best_http_host = name
  end

  local settings = feed.settings()
  if settings.use_forwarded_headers then
    local forwarded = var.http_x_forwarded_host
    local first = forwarded and match(forwarded, "^%s*([^,%s]+)")
    if first and normal_name(first) then
      var.best_http_host = first
    end
  end

  if settings.checks then
    ask(settings.checks, var)
  end

  local host = names.find(name)
  if not host then
    return exit(503)
  end
  if host.name == "_" then
    own_page(var, var.uri, settings)
  end
  if host.checks then
    ask(host.checks, var)
  end
  if host.guard and server == "" then
    -- Never without the server that asks for client certificates; clients ask again.
    return exit(421)
  end
  return host
end

local function route_request(var, server)
  leave(var)
  local host = admit(var, server)
  local uri = var.uri
  if host.native and sub(server, 1, 1) ~= "n" and profiles.is_native(host.name) then
    -- Its paths are locations of another server.
    return exit(421)
  end
  local route, slash, failure = hosts.find(host, uri)
  if not route then
    if slash then
      return redirect_to_slash(var, slash, uri)
    end
    return exit(404)
  end
  note(var, route)
  if failure then
    return exit(failure)
  end
  local target = route.target
  if target.kind == "deny" then
    return exit(target.status)
  end
  if route.before_snippet then
    ask(route.before_snippet, var, route)
  end
  if not route.policy.jumps_first then
    obey(var, route, route_request, server)
  end
  return exec(route.location)
end

--- The rewrite phase of `location /`. `server` is the server profile that nginx chose, "" for the
-- shared server.
function _M.rewrite(server)
  feed.sync()
  local var = ngx.var
  if feed.is_draining() and find(var.server_protocol, "^HTTP/1") then
    -- Before a reload: "@drain" has no keepalive, so the client gets a clean Connection: close.
    return exec("@drain")
  end
  return route_request(var, server)
end

--- The rewrite phase of `location @drain`.
function _M.rewrite_drained(server)
  return route_request(ngx.var, server)
end

--- The rewrite phase of a profile with snippets, once they have said what they have to say.
function _M.rewrite_after_snippet(server)
  local var = ngx.var
  local route = hosts.route(var.sluice_route)
  if not route then
    return exit(404) -- a snippet of the server led here
  end
  return obey(var, route, route_request, server)
end

--- The rewrite phase of `location @client_certificate`: the client's certificate is bad or missing
-- (auth-tls-error-page). A path is a page of the host itself.
function _M.refuse_certificate()
  feed.sync()
  local host = names.find(ngx.var.host)
  local policy = host and host.policy.client_certificates
  local page = policy and policy.error_page
  if not page then
    return exit(400)
  end
  if sub(page, 1, 1) == "/" then
    return exec(page)
  end
  return response.redirect(302, page)
end

-- What router/native.lua does in its own order, and router/explain.lua without doing it.
_M.normal_name = normal_name
_M.admit = admit
_M.ask = ask
_M.leave = leave
_M.note = note
_M.obey = obey

return _M
