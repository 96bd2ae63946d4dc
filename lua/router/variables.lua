-- Variables about the route that users' snippets read (docs/spec/behaviour.md, 5). Others pay
-- nothing: logs have theirs filled when the request ends (metrics/counters.lua).

local byte = string.byte
local escape_uri = ngx.escape_uri
local match = string.match

local STAR = byte("*")

local _M = {}

--- What a wildcard host stands for, "" where there is none.
function _M.subdomain(var, route)
  return byte(route.host) == STAR and match(var.host, "^[^.]+") or ""
end

function _M.fill(var, route)
  var.namespace = route.namespace
  var.ingress_name = route.ingress
  var.service_name = route.service
  var.service_port = route.port
  var.location_path = route.path
  var.proxy_upstream_name = route.upstream
  var.subdomain = _M.subdomain(var, route)
  var.escaped_request_uri = escape_uri(var.request_uri)
end

return _M
