-- What the answer of a service for external authentication means for the request: headers for the
-- backend once it is let in, cookies and challenges for the client.

local basic = require("auth.basic")
local feed = require("config.feed")
local hosts = require("router.host")

local gmatch = string.gmatch

local _M = {}

-- Only the built-in 404 comes this far without endpoints (router/router.lua).
local function has_endpoints(target)
  local backend = target.id and feed.backend_of_routed(target.id)
  return backend ~= nil and #backend.peers > 0
end

--- The access phase, after the service let the request in. The template ends it with DECLINED.
function _M.admit()
  local var = ngx.var
  local route = hosts.route(var.sluice_route)
  local external = route.external
  if route.target.kind == "default" and not has_endpoints(route.target) then
    return ngx.exit(404)
  end
  if route.policy.basic_auth then
    basic.drop_credentials(var)
  end
  if not external.clear then
    return
  end
  external.clear()
  local names, i = external.response_headers, 0
  for value in gmatch(var.sluice_auth_answer .. "\n", "([^\n]*)\n") do
    i = i + 1
    if value ~= "" and names[i] then
      ngx.req.set_header(names[i], value)
    end
  end
end

return _M
