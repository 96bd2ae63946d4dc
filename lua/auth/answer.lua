-- What the answer of a service for external authentication means for the request: headers for the
-- backend once it is let in, cookies and challenges for the client.

local basic = require("auth.basic")
local hosts = require("router.host")

local gmatch = string.gmatch

local _M = {}

--- The access phase, after the service let the request in. The template ends it with DECLINED.
function _M.admit()
  local var = ngx.var
  local route = hosts.route(var.sluice_route)
  local external = route.external
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
