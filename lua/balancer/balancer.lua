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

-- The backend of a dispatched request: its route's, or the canary that was chosen for it.
local function backend_of(var, route)
  local backend = feed.backend_of_routed(route.target.id)
  if backend and backend.canaries then
    local id = var.sluice_backend
    local canary = id and id ~= "" and feed.backend_of_routed(id)
    if canary and #canary.peers > 0 then
      return canary
    end
  end
  return backend
end

function _M.balance()
  local var = ngx.var
  local route = hosts.route(var.sluice_route)
  local backend = route and backend_of(var, route)
  if not backend or #backend.peers == 0 then
    ngx.log(ngx.ERR, "no peer for ", route and route.target.id or "a request without a route")
    return ngx.exit(503)
  end

  local tried
  if get_last_failure() then
    tried = tried_peers(var.upstream_addr)
  else
    local tries = route.policy.tries
    set_more_tries(tries == 0 and #backend.peers or tries - 1)
  end
  if backend.learns then
    route.learns = true
  end
  local peer = backend.balancer:balance(tried, var, route)
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

-- The entries of a list variable such as "$upstream_addr".
local function list(text)
  local entries = {}
  for entry in gmatch(text or "", "[^, ]+") do
    entries[#entries + 1] = entry
  end
  return entries
end

--- In the log phase of routes whose backend learns from answers: tells its algorithm what each try
-- took. Until the answer began: a long body or stream says nothing about how busy a peer is.
function _M.learn(var, route)
  local backend = backend_of(var, route)
  if not backend or not backend.learns then
    return
  end
  local addresses = list(var.upstream_addr)
  local answered, spent = list(var.upstream_header_time), list(var.upstream_response_time)
  for i = 1, #addresses do
    local seconds = tonumber(answered[i])
    -- The last try of a client that left is nobody's fault.
    if seconds or i < #addresses or ngx.status ~= 499 then
      backend.balancer:after_balance(addresses[i], seconds, tonumber(spent[i]) or 0)
    end
  end
end

return _M
