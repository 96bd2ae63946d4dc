-- Sets of networks, as tables by prefix length: an address costs one look-up for each length that
-- occurs, however many networks there are. Addresses are nginx's $binary_remote_addr (4 or 16
-- bytes), networks texts as controller/feature/cidr.ts makes them ("10.0.0.0/8").

local ffi = require("ffi")
local band = require("bit").band

local byte, char, sub = string.byte, string.char, string.sub
local match = string.match

ffi.cdef([[
int inet_pton(int family, const char *text, void *bytes);
]])

-- address families of Linux
local AF_INET, AF_INET6 = 2, 10
-- ::ffff:0:0/96 hides IPv4 addresses.
local MAPPED = ("\0"):rep(10) .. "\255\255"

local _M = {}

local buffer = ffi.new("unsigned char[16]")

--- The bytes of an address in text; nil when it is none ("unix:").
function _M.bytes(address)
  local is_v6 = address:find(":", 1, true) ~= nil
  if ffi.C.inet_pton(is_v6 and AF_INET6 or AF_INET, address, buffer) ~= 1 then
    return nil
  end
  return ffi.string(buffer, is_v6 and 16 or 4)
end

-- The first bits of an address.
local function prefix_of(bytes, bits)
  local rest = bits % 8
  local whole = (bits - rest) / 8
  if rest == 0 then
    return sub(bytes, 1, whole)
  end
  return sub(bytes, 1, whole) .. char(band(byte(bytes, whole + 1), 256 - 2 ^ (8 - rest)))
end

--- A function that tells whether an address is in one of the networks.
function _M.compile(networks)
  local by_size = { [4] = {}, [16] = {} }
  local lists = { [4] = {}, [16] = {} }
  for _, network in ipairs(networks) do
    local address, bits = match(network, "^(.*)/(%d+)$")
    local bytes = _M.bytes(address) or error("not an address: " .. address, 2)
    bits = tonumber(bits)
    local found = by_size[#bytes][bits]
    if not found then
      found = { bits = bits, prefixes = {} }
      by_size[#bytes][bits] = found
      table.insert(lists[#bytes], found)
    end
    found.prefixes[prefix_of(bytes, bits)] = true
  end

  return function(bytes)
    if #bytes == 16 and sub(bytes, 1, 12) == MAPPED then
      bytes = sub(bytes, 13)
    end
    -- A client on a unix socket has no address and is in no network.
    local list = lists[#bytes]
    for i = 1, list and #list or 0 do
      if list[i].prefixes[prefix_of(bytes, list[i].bits)] then
        return true
      end
    end
    return false
  end
end

return _M
