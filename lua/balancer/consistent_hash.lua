-- Consistent hashing: requests with the same text go to the same peer, and a retry to the peer that
-- would have them if that one were gone.

local hash_key = require("balancer.hash_key")
local ring = require("balancer.ring")

local _M = {}
local mt = { __index = _M }

function _M.new()
  return setmetatable({}, mt)
end

function _M:sync(backend)
  self.key = hash_key.compile(backend.policy.hash_by)
  self.ring = ring.new(backend.peers, self.ring)
end

function _M:balance(_, tried, var, route)
  return self.ring:find(self.key(var, route), tried)
end

return _M
