-- Messages of the DNS, as far as addresses need them: one question, and its answer. RFC 1035.

local bit = require("bit")
local band, lshift, rshift = bit.band, bit.lshift, bit.rshift
local byte, char, format = string.byte, string.char, string.format
local lower, sub = string.lower, string.sub
local concat = table.concat
local min = math.min

-- A TTL of more is to be read as 0 (RFC 2181, section 8).
local SIGN = 2147483648

local _M = { A = 1, AAAA = 28, NXDOMAIN = 3 }

--- The two bytes at a position as a number, nil at the end.
function _M.uint16(text, at)
  local a, b = byte(text, at, at + 1)
  return a and b and lshift(a, 8) + b
end

local uint16 = _M.uint16

--- The bytes of a question; kind is A or AAAA.
function _M.encode_query(id, name, kind)
  local parts = { char(rshift(id, 8), band(id, 255)), "\1\0\0\1\0\0\0\0\0\0" }
  for label in name:gmatch("[^.]+") do
    parts[#parts + 1] = char(#label) .. label
  end
  parts[#parts + 1] = "\0" .. char(0, kind) .. "\0\1"
  return concat(parts)
end

-- The position after a name in a message; compressed names end in a two-byte pointer.
local function skip_name(message, at)
  while true do
    local length = byte(message, at)
    if not length then
      return nil
    end
    if length == 0 then
      return at + 1
    end
    if length >= 192 then
      return at + 2
    end
    at = at + length + 1
  end
end

local function show_ipv6(data)
  local groups = {}
  for i = 1, 8 do
    groups[i] = format("%x", uint16(data, 2 * i - 1))
  end
  -- The longest run of zero groups becomes "::" (RFC 5952).
  local best_at, best_length, at = 0, 1, 1
  while at <= 8 do
    local stop = at
    while groups[stop] == "0" do
      stop = stop + 1
    end
    if stop - at > best_length then
      best_at, best_length = at, stop - at
    end
    at = stop > at and stop or at + 1
  end
  if best_at == 0 then
    return concat(groups, ":")
  end
  local left = concat(groups, ":", 1, best_at - 1)
  return left .. "::" .. concat(groups, ":", best_at + best_length, 8)
end

--- The answer to a query: {rcode, truncated, addresses, ttl in seconds}, or nil and what is wrong
-- with it. The answer must repeat id and question (RFC 5452).
function _M.decode_answer(message, query, kind)
  local question = sub(query, 13)
  local repeated = lower(sub(message, 13, 12 + #question))
  if sub(message, 1, 2) ~= sub(query, 1, 2) or repeated ~= lower(question) then
    return nil, "not the answer to this question"
  end
  local flags = uint16(message, 3)
  if band(flags, 0x8000) == 0 then
    return nil, "not an answer"
  end
  local answer = {
    rcode = band(flags, 15),
    truncated = band(flags, 0x200) ~= 0,
    addresses = {},
    ttl = math.huge,
  }
  local at = 13
  for _ = 1, uint16(message, 5) do
    at = skip_name(message, at)
    if not at then
      return nil, "a damaged question"
    end
    at = at + 4
  end
  for _ = 1, uint16(message, 7) do
    at = skip_name(message, at)
    local length = at and uint16(message, at + 8)
    if not length or at + 9 + length > #message then
      return nil, "a damaged answer"
    end
    local found = uint16(message, at)
    local ttl = uint16(message, at + 4) * 65536 + uint16(message, at + 6)
    local data = sub(message, at + 10, at + 9 + length)
    answer.ttl = min(answer.ttl, ttl < SIGN and ttl or 0)
    if found == kind and kind == _M.A and length == 4 then
      answer.addresses[#answer.addresses + 1] = format("%d.%d.%d.%d", byte(data, 1, 4))
    elseif found == kind and kind == _M.AAAA and length == 16 then
      answer.addresses[#answer.addresses + 1] = show_ipv6(data)
    end
    at = at + 10 + length
  end
  return answer
end

return _M
