-- Sticky sessions whose cookie is a key on a hash ring: a new peer takes over its share of them.
-- Draining peers stay on the ring, for the sessions that they hold; no session begins there.

local ring = require("balancer.ring")
local session = require("balancer.session")

local format = string.format
local random = math.random

-- Keys that are made up before a peer is taken without one.
local ATTEMPTS = 100

local _M = {}
local mt = { __index = _M }

function _M.new()
  return setmetatable({}, mt)
end

function _M:sync(backend)
  local all, takes = {}, {}
  for i, peer in ipairs(backend.peers) do
    all[i] = peer
    takes[peer.text] = true
  end
  for _, peer in ipairs(backend.draining or {}) do
    all[#all + 1] = peer
  end
  self.session = backend.session
  self.peers = backend.peers
  self.takes = takes
  self.ring = ring.new(all, self.ring)
end

local function new_key()
  return format("%08x%08x%08x", random(0, 0x7fffffff), random(0, 0x7fffffff), ngx.worker.pid())
end

-- Any peer that takes new sessions and was not tried, else any.
local function without_key(peers, tried)
  for _, peer in ipairs(peers) do
    if not tried or not tried[peer.text] then
      return peer
    end
  end
  return peers[random(#peers)]
end

function _M:balance(_, tried, var, route)
  local key = session.read(self.session, var)
  local peer = key and self.ring:find(key)
  if peer and not session.moves(self.session, peer, tried, self.takes) then
    return peer
  end
  for _ = 1, ATTEMPTS do
    key = new_key()
    peer = self.ring:find(key)
    if self.takes[peer.text] and not (tried and tried[peer.text]) then
      session.begin(self.session, key, var, route)
      return peer
    end
  end
  return without_key(self.peers, tried)
end

return _M
