-- Round robin over the peers of a backend, one position per worker, from a random start so that
-- workers and restarts do not all begin with the first peer.

local random = math.random

local _M = {}
local mt = { __index = _M }

function _M.new()
  return setmetatable({ position = random(0, 65535) }, mt)
end

--- The position holds for any set of peers.
function _M.sync() end

--- The next peer. `tried` maps the text of peers that failed for this request to true; one of them
-- is returned only when no other is left.
function _M:balance(peers, tried)
  local count = #peers
  local position = self.position
  for _ = 1, count do
    position = position + 1
    local peer = peers[position % count + 1]
    if not tried or not tried[peer.text] then
      self.position = position % count
      return peer
    end
  end
  self.position = (self.position + 1) % count
  return peers[self.position + 1]
end

return _M
