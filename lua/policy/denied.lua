-- deny-server: a host whose client certificates cannot be verified answers 403 everywhere.

local _M = {}

function _M.host(host)
  return host.denied and function()
    return ngx.exit(403)
  end
end

return _M
