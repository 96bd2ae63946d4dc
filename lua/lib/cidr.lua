-- Lists of networks, as controller/feature/cidr.ts writes them ("10.0.0.0/8", "2001:db8::/32"),
-- compiled into one set per prefix length.

local bit = require("bit")

local band, lshift, rshift = bit.band, bit.lshift, bit.rshift
local byte, char, sub = string.byte, string.char, string.sub
local floor = math.floor

local _M = {}

local function binary_v4(text)
  local a, b, c, d = text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
  return char(a, b, c, d)
end

local function groups_of(text)
  local bytes = {}
  for group in text:gmatch("%x+") do
    local value = tonumber(group, 16)
    bytes[#bytes + 1] = char(rshift(value, 8), band(value, 255))
  end
  return table.concat(bytes)
end

local function binary_v6(text)
  local left, right = text:match("^(.-)::(.*)$")
  left, right = groups_of(left or text), groups_of(right or "")
  return left .. ("\0"):rep(16 - #left - #right) .. right
end

-- The first bits of a binary address.
local function masked(address, bits)
  local whole = floor(bits / 8)
  local rest = bits - 8 * whole
  local start = sub(address, 1, whole)
  if rest == 0 then
    return start
  end
  return start .. char(band(byte(address, whole + 1), 256 - lshift(1, 8 - rest)))
end

--- A function that says whether a binary address ($binary_remote_addr) is in one of the networks.
function _M.compile(list)
  -- address length in bytes -> list of { bits, set of masked addresses }
  local by_length = { [4] = {}, [16] = {} }
  local known = {}
  for _, cidr in ipairs(list) do
    local text, bits = cidr:match("^(.*)/(%d+)$")
    local address = text:find(":", 1, true) and binary_v6(text) or binary_v4(text)
    bits = tonumber(bits)
    local name = #address .. "/" .. bits
    if not known[name] then
      known[name] = { bits = bits, networks = {} }
      table.insert(by_length[#address], known[name])
    end
    known[name].networks[masked(address, bits)] = true
  end
  return function(address)
    local lengths = by_length[#address] or {}
    for i = 1, #lengths do
      local length = lengths[i]
      if length.networks[masked(address, length.bits)] then
        return true
      end
    end
    return false
  end
end

return _M
