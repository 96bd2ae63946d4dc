-- Addresses that must not be proxied to (R17), for answers of DNS. controller/model/endpoints.ts
-- applies the same rules to the addresses of EndpointSlices.

local find = string.find
local match = string.match

local _M = {}

local function refused_v4(address, loopback)
  local a, b = match(address, "^(%d+)%.(%d+)%.%d+%.%d+$")
  a, b = tonumber(a), tonumber(b)
  if not a then
    return true
  end
  return (a == 127 and loopback ~= "allowed") or a == 0 or (a == 169 and b == 254) or a >= 224
end

--- True when a request must not be sent there. `loopback` is "allowed" or "refused".
function _M.refused(address, loopback)
  if not find(address, ":", 1, true) then
    return refused_v4(address, loopback)
  end
  if address == "::1" then
    return loopback ~= "allowed"
  end
  -- ::/96 and ::ffff:0:0/96 hide IPv4 addresses; fe80::/10 is link-local, ff00::/8 multicast.
  return find(address, "^::") ~= nil
    or find(address, "^fe[89ab]") ~= nil
    or find(address, "^ff") ~= nil
end

return _M
