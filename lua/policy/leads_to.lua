-- from-to-www-redirect: a name that only redirects to its host. The port is always written, one
-- final slash of the URI never.

local response = require("lib.redirect")

local sub = string.sub

local _M = {}

function _M.host(host)
  local target = host.policy.leads_to
  if not target then
    return nil
  end
  local name, code = target.host, target.code
  return function(var)
    local uri = response.request_path(var)
    if sub(uri, -1) == "/" then
      uri = sub(uri, 1, -2)
    end
    local location = var.pass_access_scheme .. "://" .. name .. ":" .. var.pass_port .. uri
    return response.redirect(code, location)
  end
end

return _M
