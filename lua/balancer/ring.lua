-- A consistent hash ring: 160 points a peer by CRC32, a key belongs to the last point at or before
-- its own hash. Points depend on the peer alone, so a peer that comes or goes moves only the keys
-- that it gains or had. Points and search are those of the ring that ingress-nginx uses, so that a
-- session cookie made there leads to the same peer here.

local bit = require("bit")
local ffi = require("ffi")

local band, bnot, bxor, rshift = bit.band, bit.bnot, bit.bxor, bit.rshift
local crc32 = ngx.crc32_short
local floor = math.floor

local POINTS = 160
local RADIX = 65536

local uint32s = ffi.typeof("uint32_t[?]")

local CRC = {}
for i = 0, 255 do
  local value = i
  for _ = 1, 8 do
    value = bxor(rshift(value, 1), band(value, 1) == 1 and 0xEDB88320 or 0)
  end
  CRC[i] = value
end

local _M = {}
local mt = { __index = _M }

-- Each point is the CRC32 of the four bytes of the one before, begun at the checksum of the text.
local function points_of(text)
  local points = ffi.new(uint32s, POINTS)
  local start, value = crc32(text), 0
  for i = 0, POINTS - 1 do
    local state = start
    for shift = 0, 24, 8 do
      state = bxor(CRC[band(bxor(state, rshift(value, shift)), 255)], rshift(state, 8))
    end
    value = bnot(state)
    points[i] = value < 0 and value + 4294967296 or value
  end
  return points
end

-- Sorts hashes and what belongs to them, by 16 bits a pass.
local function sort(hashes, owners, size)
  local other_hashes, other_owners = ffi.new(uint32s, size), ffi.new(uint32s, size)
  local starts = ffi.new(uint32s, RADIX + 1)
  for pass = 0, 1 do
    local divisor = pass == 0 and 1 or RADIX
    ffi.fill(starts, ffi.sizeof(starts))
    for i = 0, size - 1 do
      local digit = floor(hashes[i] / divisor) % RADIX
      starts[digit + 1] = starts[digit + 1] + 1
    end
    for digit = 1, RADIX do
      starts[digit] = starts[digit] + starts[digit - 1]
    end
    for i = 0, size - 1 do
      local digit = floor(hashes[i] / divisor) % RADIX
      local at = starts[digit]
      starts[digit] = at + 1
      other_hashes[at], other_owners[at] = hashes[i], owners[i]
    end
    hashes, other_hashes = other_hashes, hashes
    owners, other_owners = other_owners, owners
  end
end

--- A ring of these peers; the points of those that were in `before` are not computed again.
function _M.new(peers, before)
  local size = #peers * POINTS
  local hashes, owners, known = ffi.new(uint32s, size), ffi.new(uint32s, size), {}
  for i, peer in ipairs(peers) do
    local points = before and before.known[peer.text] or points_of(peer.text)
    known[peer.text] = points
    local start = (i - 1) * POINTS
    ffi.copy(hashes + start, points, POINTS * 4)
    for j = start, start + POINTS - 1 do
      owners[j] = i
    end
  end
  sort(hashes, owners, size)
  local ring = { peers = peers, hashes = hashes, owners = owners, size = size, known = known }
  return setmetatable(ring, mt)
end

--- The place of a key on the ring, for peer_at() and next_place().
function _M:place(key)
  local hashes, hash = self.hashes, crc32(key)
  local low, high = 0, self.size - 1
  while low < high do
    local middle = floor((low + high + 1) / 2)
    if hashes[middle] <= hash then
      low = middle
    else
      high = middle - 1
    end
  end
  return low
end

function _M:peer_at(place)
  return self.peers[self.owners[place]]
end

--- The place to which the keys of a place go when its peer is gone.
function _M:next_place(place)
  return place == 0 and self.size - 1 or place - 1
end

--- The peer of a key: the first one on the ring that was not tried, else the first.
function _M:find(key, tried)
  local place = self:place(key)
  local first = self:peer_at(place)
  if not tried then
    return first
  end
  for _ = 1, self.size do
    local peer = self:peer_at(place)
    if not tried[peer.text] then
      return peer
    end
    place = self:next_place(place)
  end
  return first
end

--- The first peer on the ring that was not tried and has less than `bound` requests under way in
-- this worker; without any, as find().
function _M:find_below(key, tried, bound)
  local place = self:place(key)
  for _ = 1, self.size do
    local peer = self:peer_at(place)
    if peer.entry.count < bound and not (tried and tried[peer.text]) then
      return peer
    end
    place = self:next_place(place)
  end
  return self:find(key, tried)
end

return _M
