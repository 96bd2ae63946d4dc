-- upstream-max-connections: how many requests an endpoint may have under way, counted over all
-- workers and backends. The peer is chosen, and its place taken, before the request is sent on, so
-- that "all are full" is a clean 503.

local in_flight = require("balancer.in_flight")

local _M = {}

-- How often the algorithm is asked for another peer before the first with room will do.
local PICKS = 8

-- One of the peers that has room, from a random one on; nil for none.
local function any(var, peers, limit, full)
  local start = math.random(#peers)
  for i = 1, #peers do
    local peer = peers[(start + i) % #peers + 1]
    if not full[peer.text] and in_flight.enter(var, peer, limit) then
      return peer
    end
  end
end

--- Takes a place for the request. `choose(tried)` is the algorithm; `avoid` the peers that are left
-- out, or nil. A session that has to stay where it is waits for nobody else's place.
function _M.take(var, backend, choose, avoid)
  local limit = backend.max_connections
  local full, tried = {}, nil
  for _ = 1, PICKS do
    local peer = choose(tried or avoid)
    if full[peer.text] then
      break
    end
    if in_flight.enter(var, peer, limit) then
      return peer
    end
    if not tried then
      tried = {}
      for text in pairs(avoid or tried) do
        tried[text] = true
      end
    end
    full[peer.text], tried[peer.text] = true, true
  end
  local session = backend.session
  if session and not session.cookie.change_on_failure then
    return nil
  end
  local elsewhere = backend.elsewhere
  return any(var, backend.peers, limit, full)
    or elsewhere and #elsewhere > 0 and any(var, elsewhere, limit, full)
    or nil
end

return _M
