-- app-root: "/" of a host leads somewhere else. The query is dropped, as before.

local response = require("lib.redirect")
local template = require("lib.template")

local _M = {}

function _M.host(host)
  local target = host.policy.app_root and template.compile(host.policy.app_root)
  return target and function(var)
    if var.uri == "/" then
      local location = var.pass_access_scheme .. "://" .. var.best_http_host .. target(var)
      return response.redirect(302, location)
    end
  end
end

return _M
