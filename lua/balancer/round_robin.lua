-- Weighted round robin over the peers of a backend, one position per worker, from a random start so
-- that workers and restarts do not all begin with the first peer. Peers have the same weight but
-- while they start slowly; then each earns its weight by turn, and takes the requests that it has
-- earned, so that theirs are spread as evenly as they are few.

local slow_start = require("balancer.slow_start")

local random = math.random

local _M = {}
local mt = { __index = _M }

function _M.new()
  return setmetatable({ position = random(0, 65535), earned = {} }, mt)
end

--- The position holds for any set of peers.
function _M:sync(backend)
  self.backend = backend
  if not backend.young then
    self.earned = {}
  end
end

-- The next peer that has earned a request, nil when all were tried. Within the turns that the
-- smallest weight needs one has; 16 are more than that.
local function weighted(self, peers, tried)
  local earned, backend = self.earned, self.backend
  local count, has_any = #peers, false
  for i = 1, 16 * count do
    if i > count and not has_any then
      return nil
    end
    self.position = self.position % count + 1
    local peer = peers[self.position]
    if not tried or not tried[peer.text] then
      has_any = true
      local text = peer.text
      local sum = (earned[text] or 0) + (backend.young and slow_start.weight(backend, peer) or 1)
      if sum >= 1 then
        earned[text] = sum > 1 and sum - 1 or nil
        return peer
      end
      earned[text] = sum
    end
  end
end

--- The next peer. `tried` maps the text of peers that failed for this request to true; one of them
-- is returned only when no other is left.
function _M:balance(peers, tried)
  local count = #peers
  local backend = self.backend
  if backend and backend.young then
    local peer = weighted(self, peers, tried)
    if peer then
      return peer
    end
  end
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
