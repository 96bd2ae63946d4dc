-- Sticky sessions whose cookie names the peer itself: a session moves only when its peer is gone.
-- Draining peers keep the sessions that they hold; no session begins there.

local session = require("balancer.session")

local md5 = ngx.md5
local random = math.random

local _M = {}
local mt = { __index = _M }

function _M.new()
  return setmetatable({}, mt)
end

function _M:sync(backend)
  local by_key, keys, takes = {}, {}, {}
  for _, peers in ipairs({ backend.peers, backend.draining or {} }) do
    for _, peer in ipairs(peers) do
      -- Salted, so that the cookie does not tell clients which addresses there are.
      local key = md5(backend.name .. peer.text)
      by_key[key] = peer
      keys[peer] = key
    end
  end
  for _, peer in ipairs(backend.peers) do
    takes[peer.text] = true
  end
  self.session = backend.session
  self.peers = backend.peers
  self.takes = takes
  self.by_key, self.keys = by_key, keys
end

-- One that takes new sessions, by chance among those that were not tried.
local function pick(peers, tried)
  if tried then
    local left = {}
    for _, peer in ipairs(peers) do
      if not tried[peer.text] then
        left[#left + 1] = peer
      end
    end
    peers = #left > 0 and left or peers
  end
  return peers[random(#peers)]
end

function _M:balance(_, tried, var, route)
  local key = session.read(self.session, var)
  local peer = key and self.by_key[key]
  if peer and not session.moves(self.session, peer, tried, self.takes) then
    return peer
  end
  peer = pick(self.peers, tried)
  session.begin(self.session, self.keys[peer], var, route)
  return peer
end

return _M
