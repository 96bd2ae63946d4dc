-- The balancer phase: picks a peer of the route's backend, and another one for each retry.

local ngx_balancer = require("ngx.balancer")
local feed = require("config.feed")
local hosts = require("router.host")

local get_last_failure = ngx_balancer.get_last_failure
local set_current_peer = ngx_balancer.set_current_peer
local set_more_tries = ngx_balancer.set_more_tries
local set_timeouts = ngx_balancer.set_timeouts
local gmatch = string.gmatch

local _M = {}

-- The peers that this request tried, from "$upstream_addr": "10.0.0.1:80, 10.0.0.2:80".
local function tried_peers(addresses)
  local tried = {}
  for address in gmatch(addresses or "", "[^, ]+") do
    tried[address] = true
  end
  return tried
end

function _M.balance()
  local var = ngx.var
  local route = hosts.route(var.sluice_route)
  -- Another than the route's own when router.errors says so.
  local other = route and route.has_stand_in and var.sluice_backend
  local id = other and other ~= "" and other or route and route.target.id
  local backend = route and feed.backend_of_routed(id)
  if not backend or #backend.peers == 0 then
    ngx.log(ngx.ERR, "no peer for ", id or "a request without a route")
    return ngx.exit(503)
  end

  local tried
  if get_last_failure() then
    tried = tried_peers(var.upstream_addr)
  else
    local tries = route.policy.tries
    set_more_tries(tries == 0 and #backend.peers or tries - 1)
  end
  local peer = backend.balancer:balance(backend.peers, tried)
  local timeouts = route.policy.timeouts
  local ok, err = set_timeouts(timeouts.connect, timeouts.send, timeouts.read)
  if not ok then
    ngx.log(ngx.ERR, "setting the timeouts: ", err)
  end
  ok, err = set_current_peer(peer.host, peer.port)
  if not ok then
    ngx.log(ngx.ERR, "setting the peer ", peer.text, ": ", err)
    return ngx.exit(502)
  end
end

return _M
