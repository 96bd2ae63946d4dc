-- Where a 401 leads on paths with auth-signin.

local hosts = require("router.host")
local redirect = require("lib.redirect").redirect

local _M = {}

--- The rewrite phase of `location @auth_signin`.
function _M.redirect()
  local var = ngx.var
  local route = hosts.route(var.sluice_route)
  local external = route and route.external
  if not external or not external.signin then
    return ngx.exit(401)
  end
  ngx.header["WWW-Authenticate"] = nil
  return redirect(302, external.signin(var))
end

return _M
