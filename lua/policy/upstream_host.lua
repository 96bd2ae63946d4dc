-- upstream-vhost: the Host header that the backend sees. X-Forwarded-Host stays the client's.

local template = require("lib.template")

local find = string.find

local _M = {}

function _M.route(route)
  local parts = route.policy.upstream_host
  if not parts then
    return nil
  end
  local host_of = template.compile(parts, route)
  return function(var)
    local host = host_of(var)
    if not find(host, "^[%w._~:%[%]-]+$") then
      -- Only what the client sent can make it so.
      return ngx.exit(400)
    end
    var.sluice_host = host
  end
end

return _M
