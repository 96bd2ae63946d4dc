-- Subset hashing: the requests of one text are spread over the few peers that follow it on the
-- ring, each time by chance. A peer that comes or goes changes at most one of those few.

local hash_key = require("balancer.hash_key")
local ring = require("balancer.ring")

local random = math.random

local _M = {}
local mt = { __index = _M }

function _M.new()
  return setmetatable({}, mt)
end

function _M:sync(backend)
  self.key = hash_key.compile(backend.policy.hash_by)
  self.wanted = math.min(backend.policy.hash_subset, #backend.peers)
  self.ring = ring.new(backend.peers, self.ring)
  self.members = {}
end

-- The first `wanted` peers on the ring from a place on, in a table that the next call fills anew.
local function subset(self, place)
  local circle, members, wanted = self.ring, self.members, self.wanted
  local found = 0
  for _ = 1, circle.size do
    local peer = circle:peer_at(place)
    local is_new = true
    for i = 1, found do
      if members[i] == peer then
        is_new = false
        break
      end
    end
    if is_new then
      found = found + 1
      members[found] = peer
      if found == wanted then
        break
      end
    end
    place = circle:next_place(place)
  end
  return members, found
end

-- One of those that were not tried, each with equal chance; nil for none.
local function untried(members, count, tried)
  local choice
  local left = 0
  for i = 1, count do
    local peer = members[i]
    if not tried[peer.text] then
      left = left + 1
      if random(left) == 1 then
        choice = peer
      end
    end
  end
  return choice
end

function _M:balance(_, tried, var, route)
  local circle = self.ring
  local key = self.key(var, route)
  local members, count = subset(self, circle:place(key))
  if not tried then
    return members[random(count)]
  end
  -- When the whole subset failed, any other peer is better than one of it.
  return untried(members, count, tried) or circle:find(key, tried)
end

return _M
