-- Consistent hashing: requests with the same text go to the same peer, and a retry to the peer that
-- would have them if that one were gone. With a bounded load (Mirrokni, Thorup and Zadimoghaddam,
-- "Consistent Hashing with Bounded Loads") no peer has more than a factor of the mean of the
-- requests under way: the next on the ring takes what is over it.

local hash_key = require("balancer.hash_key")
local in_flight = require("balancer.in_flight")
local ring = require("balancer.ring")

local _M = {}
local mt = { __index = _M }

function _M.new()
  return setmetatable({}, mt)
end

function _M:sync(backend)
  self.key = hash_key.compile(backend.policy.hash_by)
  self.ring = ring.new(backend.peers, self.ring)
  local percent = backend.policy.hash_load_factor
  self.factor = percent and percent / 100
  self.group = backend.in_flight
end

function _M:balance(peers, tried, var, route)
  local key, factor = self.key(var, route), self.factor
  if not factor then
    return self.ring:find(key, tried)
  end
  return self.ring:find_below(key, tried, in_flight.bound(self.group, peers, factor))
end

return _M
