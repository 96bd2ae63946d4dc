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
end

function _M:balance(_, tried, var, route)
  local circle = self.ring
  local key = self.key(var, route)
  local place = circle:place(key)
  -- The members met so far; of those that were not tried, each is the choice with equal chance.
  local met, members, left = {}, 0, 0
  local choice
  for _ = 1, circle.size do
    local peer = circle:peer_at(place)
    if not met[peer] then
      met[peer] = true
      members = members + 1
      if not tried or not tried[peer.text] then
        left = left + 1
        if random(left) == 1 then
          choice = peer
        end
      end
      if members == self.wanted then
        break
      end
    end
    place = circle:next_place(place)
  end
  -- When the whole subset failed, any other peer is better than one of it.
  return choice or circle:find(key, tried)
end

return _M
