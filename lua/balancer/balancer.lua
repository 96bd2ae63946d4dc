-- The balancer phase: picks a peer of the route's backend, and another one for each retry.

local ngx_balancer = require("ngx.balancer")
local capacity = require("balancer.capacity")
local ejection = require("balancer.ejection")
local feed = require("config.feed")
local hosts = require("router.host")
local in_flight = require("balancer.in_flight")
local retry_budget = require("balancer.retry_budget")
local tries = require("balancer.tries")

local allows = retry_budget.allows
local get_last_failure = ngx_balancer.get_last_failure
local set_current_peer = ngx_balancer.set_current_peer
local set_more_tries = ngx_balancer.set_more_tries
local set_timeouts = ngx_balancer.set_timeouts

local _M = {}

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

-- What the algorithm says; where that is a peer to keep away from, one from elsewhere.
local function choose(backend, tried, var, route)
  local peer = backend.balancer:balance(backend.peers, tried, var, route)
  local elsewhere = backend.elsewhere
  if elsewhere and tried and tried[peer.text] and not backend.session then
    return backend.elsewhere_turns:balance(elsewhere, tried)
  end
  return peer
end

-- One with room, nil when all are full. Apart from those that need no closure: LuaJIT gives up a
-- function that has one.
local function take(backend, avoid, var, route)
  return capacity.take(var, backend, function(tried)
    return choose(backend, tried, var, route)
  end, avoid)
end

-- The peer of a request; `avoid` are those to keep away from, nil for none.
local function pick(backend, avoid, var, route)
  local peer = backend.max_connections and take(backend, avoid, var, route)
  if peer then
    return peer
  end
  peer = choose(backend, avoid, var, route)
  if backend.counts then
    in_flight.hold(var, peer)
  end
  return peer
end

-- After a try that failed: the peers that this request is to keep away from.
local function to_avoid(backend, addresses)
  local avoid = {}
  for text in pairs(backend.avoid or avoid) do
    avoid[text] = true
  end
  for i = 1, #addresses do
    avoid[addresses[i]] = true
  end
  -- A status for which proxy-next-upstream goes on is a failure too, as in max_fails of nginx: else
  -- a peer that says 503 would use up the budget of retries. 403 and 404 are "next".
  if feed.settings().passive_ejection and get_last_failure() == "failed" then
    ejection.fail(backend, addresses[#addresses])
  end
  return avoid
end

local function first(var, route, backend)
  local budget = backend.budget
  budget.requests = budget.requests + 1
  if route.policy.tries ~= 1 and allows(budget) then
    set_more_tries(1)
  end
  if not backend.counts then
    return choose(backend, backend.avoid, var, route)
  end
  route.counts = true
  if backend.max_connections then
    local held = in_flight.held(var, backend)
    if held then
      return held -- reserve() has chosen
    end
  end
  in_flight.release(var)
  return pick(backend, backend.avoid, var, route)
end

-- Each try says whether there may be another one after it.
local function again(var, route, backend)
  local budget = backend.budget
  retry_budget.spend(budget)
  local addresses = tries.current(var.upstream_addr)
  local most = route.policy.tries
  if most == 0 then
    most = #backend.peers + 1
  end
  if #addresses + 1 < most and allows(budget) then
    set_more_tries(1)
  end
  if backend.counts then
    in_flight.release(var)
  end
  return pick(backend, to_avoid(backend, addresses), var, route)
end

function _M.balance()
  local var = ngx.var
  local route = hosts.route(var.sluice_route)
  local backend = route and backend_of(var, route)
  if not backend or #backend.peers == 0 then
    ngx.log(ngx.ERR, "no peer for ", route and route.target.id or "a request without a route")
    return ngx.exit(503)
  end

  local peer
  if get_last_failure() then
    peer = again(var, route, backend)
  else
    peer = first(var, route, backend)
  end
  if backend.learns or backend.suspects then
    route.learns = true
  end
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

--- While a request is routed to `backend`, or to one in its place: takes a place at a peer where
-- they are limited. False when all are taken.
function _M.reserve(var, route, backend)
  if route.has_stand_in or backend and backend.canaries then
    backend = backend_of(var, route)
  end
  if not backend or not backend.max_connections or #backend.peers == 0 then
    return true
  end
  route.counts = true
  in_flight.release(var)
  if take(backend, backend.avoid, var, route) then
    return true
  end
  ngx.log(
    ngx.WARN,
    "every endpoint of ",
    backend.name,
    " has ",
    backend.max_connections,
    " requests under way (upstream-max-connections): 503"
  )
  return false
end

-- Tells what the tries of a request at one backend came to. `answered` and `spent` are lists of
-- seconds beside the addresses.
local function learn(backend, addresses, answered, spent, is_over)
  local suspects = backend.suspects
  local last = #addresses
  for i = 1, last do
    local text, seconds = addresses[i], tonumber(answered[i])
    -- Tries before the last one, and errors of the server, are no signs of health.
    if seconds and i == last and ngx.status < 500 and suspects and suspects[text] then
      ejection.clear(backend, text)
    end
    -- The last try of a client that left is nobody's fault; those before were told when they
    -- failed.
    local is_failure = not seconds and (i < last or not is_over or ngx.status ~= 499)
    if is_failure and i == last and feed.settings().passive_ejection then
      ejection.fail(backend, text)
    end
    if backend.learns and (seconds or is_failure) then
      -- Answers before the last one made nginx go on to the next peer.
      local is_good = i == last and ngx.status < 500
      backend.balancer:after_balance(text, is_good and seconds or nil, tonumber(spent[i]) or 0)
    end
  end
end

--- The display name of the backend that serves a dispatched request, nil for none.
function _M.name_of(var, route)
  local backend = route.target.id and backend_of(var, route)
  return backend and backend.name
end

--- In the log phase, of requests that failed and of routes whose backend has peers to watch: tells
-- what each try took. Until the answer began: a long body or stream says nothing about how busy a
-- peer is. `held` is the text of the last peer, where that is known.
function _M.learn(var, route, held)
  local backend = route.target.id and backend_of(var, route)
  if not backend then
    return
  end
  route.learns = backend.learns or backend.suspects ~= nil
  local answered = var.upstream_header_time
  local seconds = not backend.suspects and tonumber(answered)
  if seconds then
    -- Nearly always: one try, which was answered. Errors are quick, and must not attract requests.
    if backend.learns then
      seconds = ngx.status < 500 and seconds or nil
      backend.balancer:after_balance(held or var.upstream_addr, seconds, 0)
    end
    return
  end
  local tried, spent = var.upstream_addr, var.upstream_response_time
  local before = tries.earlier(tried)
  if before then
    -- Another backend stood in for this one, which failed.
    local main = feed.backend_of_routed(route.target.id)
    if main then
      learn(main, before, tries.earlier(answered), tries.earlier(spent), false)
    end
  end
  learn(backend, tries.current(tried), tries.current(answered), tries.current(spent), true)
end

return _M
