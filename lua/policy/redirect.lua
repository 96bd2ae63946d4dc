-- permanent-redirect and temporal-redirect.

local response = require("lib.redirect")

local byte = string.byte

local SLASH = byte("/")

-- Those with which nginx sends a Location; with the others it sends the text as the body.
local WITH_LOCATION = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

local _M = { rewrites = true }

function _M.route(route)
  local target = route.policy.redirect_to
  if not target then
    return nil
  end
  local url, code = target.url, target.code
  if not WITH_LOCATION[code] then
    return function()
      ngx.status = code
      ngx.header["Content-Type"] = "text/html"
      ngx.print(url)
      return ngx.exit(code)
    end
  end
  if byte(url) == SLASH then
    return function(var)
      return response.redirect(code, response.to_path(var, route.policy, url))
    end
  end
  return function()
    return response.redirect(code, url)
  end
end

return _M
