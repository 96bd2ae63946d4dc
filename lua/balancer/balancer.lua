-- The balancer phase: picks a peer of the route's backend, and another one for each retry.

local ngx_balancer = require("ngx.balancer")
local ejection = require("balancer.ejection")
local feed = require("config.feed")
local hosts = require("router.host")

local get_last_failure = ngx_balancer.get_last_failure
local set_current_peer = ngx_balancer.set_current_peer
local set_more_tries = ngx_balancer.set_more_tries
local set_timeouts = ngx_balancer.set_timeouts
local gmatch = string.gmatch

local _M = {}

-- The entries of a list variable such as "$upstream_addr": "10.0.0.1:80, 10.0.0.2:80". In the
-- balancer phase the try that begins is there already, as " : ", and is left out.
local function list(text)
  local entries = {}
  for entry in gmatch(text or "", "[^, ]+") do
    if entry ~= ":" then
      entries[#entries + 1] = entry
    end
  end
  return entries
end

-- After a try that failed: the peers that this request is to keep away from.
local function tried_peers(var, backend)
  local avoid = backend.avoid
  local addresses, tried = list(var.upstream_addr), {}
  for text in pairs(avoid or tried) do
    tried[text] = true
  end
  for i = 1, #addresses do
    tried[addresses[i]] = true
  end
  -- A status for which nginx goes on to the next peer is an answer too.
  local last = #addresses
  if feed.settings().passive_ejection and not tonumber(list(var.upstream_header_time)[last]) then
    ejection.fail(backend, addresses[last])
  end
  return tried
end

-- The backend of a dispatched request: its route's, or the one in its place that $sluice_backend
-- names (a canary, see balancer.split, or a default backend, see router.errors) while that one can
-- serve.
local function backend_of(var, route)
  local backend = feed.backend_of_routed(route.target.id)
  if route.has_stand_in or backend and backend.canaries then
    local id = var.sluice_backend
    local other = id and id ~= "" and feed.backend_of_routed(id)
    if other and #other.peers > 0 then
      return other
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

  local tried = backend.avoid
  if get_last_failure() then
    tried = tried_peers(var, backend)
  else
    local tries = route.policy.tries
    set_more_tries(tries == 0 and #backend.peers or tries - 1)
  end
  if backend.learns or backend.suspects then
    route.learns = true
  end
  local peer = backend.balancer:balance(backend.peers, tried, var, route)
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

--- In the log phase, of requests that failed and of routes whose backend has peers to watch: tells
-- what each try took. Until the answer began: a long body or stream says nothing about how busy a
-- peer is.
function _M.learn(var, route)
  local backend = backend_of(var, route)
  if not backend then
    return
  end
  local suspects = backend.suspects
  route.learns = backend.learns or suspects ~= nil
  local addresses = list(var.upstream_addr)
  local answered, spent = list(var.upstream_header_time), list(var.upstream_response_time)
  local last = #addresses
  for i = 1, last do
    local text, seconds = addresses[i], tonumber(answered[i])
    if seconds and suspects and suspects[text] then
      ejection.clear(backend, text)
    end
    -- The last try of a client that left is nobody's fault; those before were told when they
    -- failed.
    local is_failure = not seconds and (i < last or ngx.status ~= 499)
    if is_failure and i == last and feed.settings().passive_ejection then
      ejection.fail(backend, text)
    end
    if backend.learns and (seconds or is_failure) then
      backend.balancer:after_balance(text, seconds, tonumber(spent[i]) or 0)
    end
  end
end

return _M
