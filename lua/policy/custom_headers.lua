-- custom-headers: fixed headers on every response of a route, in place of the backend's.

local header = ngx.header

local _M = {}

function _M.response(route)
  local headers = route.policy.custom_headers
  return headers and function()
    for i = 1, #headers do
      header[headers[i][1]] = headers[i][2]
    end
  end
end

return _M
