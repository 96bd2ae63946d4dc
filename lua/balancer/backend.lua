-- Compiles a backend's value: its peers in the form that nginx dials, its algorithm and its
-- canaries. The balancing state lives on as long as the algorithm stays the same.

local canary = require("balancer.canary")
local consistent_hash = require("balancer.consistent_hash")
local ejection = require("balancer.ejection")
local ewma = require("balancer.ewma")
local in_flight = require("balancer.in_flight")
local peer = require("balancer.peer")
local retry_budget = require("balancer.retry_budget")
local round_robin = require("balancer.round_robin")
local session = require("balancer.session")
local slow_start = require("balancer.slow_start")
local sticky_balanced = require("balancer.sticky_balanced")
local sticky_persistent = require("balancer.sticky_persistent")
local subset_hash = require("balancer.subset_hash")

local _M = {}

local NO_POLICY, NO_BACKEND = {}, {}

-- The same hosts, as DNS says, at what is their port now.
local function at_port(peers, port)
  local moved = {}
  for i, known in ipairs(peers) do
    moved[i] = { host = known.host, port = port, text = known.host .. ":" .. port }
  end
  return moved
end

-- A session beats a hash, and a hash beats load-balance.
local function algorithm_of(policy)
  if policy.session_cookie then
    return policy.affinity_mode == "persistent" and sticky_persistent or sticky_balanced
  end
  if policy.hash_by then
    return policy.hash_subset and subset_hash or consistent_hash
  end
  return policy.load_balance == "ewma" and ewma or round_robin
end

-- Tells everything that works on the peers of a backend.
local function sync(backend)
  if backend.counts then
    for _, peers in ipairs({ backend.peers, backend.draining or {}, backend.elsewhere or {} }) do
      in_flight.sync(backend, peers)
    end
  end
  backend.young = slow_start.young(backend)
  backend.balancer:sync(backend)
  ejection.mark(backend)
end

--- `before` is the compiled form of the same backend until now, or nil. An algorithm is a module
-- with new(backend), whose objects have sync(backend), balance(peers, tried, var, route), and where
-- it learns from answers after_balance(text, seconds, spent).
function _M.compile(value, before)
  local policy = value.policy or NO_POLICY
  local algorithm = algorithm_of(policy)
  before = before or NO_BACKEND
  local backend = {
    name = value.name,
    policy = policy,
    resolve = value.resolve ~= ngx.null and value.resolve or nil,
    peers = peer.list(value.endpoints),
    -- For the sessions that they hold, and nothing else; nil for none.
    draining = value.draining and peer.list(value.draining),
    -- Peers for when none of the others can serve; nil for none.
    elsewhere = value.elsewhere and peer.list(value.elsewhere),
    elsewhere_turns = before.elsewhere_turns or value.elsewhere and round_robin.new(),
    canaries = canary.compile_all(value.canaries),
    session = policy.session_cookie and session.compile(policy.session_cookie, value.name),
    algorithm = algorithm,
    learns = algorithm.after_balance ~= nil,
    counts = (algorithm.counts or policy.hash_load_factor or policy.max_connections) and true,
    max_connections = policy.max_connections,
    in_flight = in_flight.group(before.in_flight),
    budget = retry_budget.new(policy.retry_budget, value.name, before.budget),
  }
  local resolved = backend.resolve and before.resolve
  if resolved and resolved.name == backend.resolve.name and before.fresh_until then
    backend.peers = at_port(before.peers, backend.resolve.port)
    backend.fresh_until, backend.dns_problem = before.fresh_until, before.dns_problem
  end
  if before.algorithm == algorithm then
    backend.balancer = before.balancer
    before.is_replaced = true
  else
    backend.balancer = algorithm.new(backend)
  end
  sync(backend)
  return backend
end

--- Gives a backend other peers, as DNS says.
function _M.set_peers(backend, peers)
  if backend.policy and backend.policy.slow_start then
    slow_start.join(backend.name, backend.policy.slow_start, backend.peers, peers)
  end
  backend.peers = peers
  -- A lookup that began before the backend changed must not speak for its successor; what is not
  -- balanced by an algorithm of its own has none.
  if backend.balancer and not backend.is_replaced then
    sync(backend)
  end
end

return _M
