-- Compiles a backend's value: its peers in the form that nginx dials, its algorithm and its
-- canaries. The balancing state lives on as long as the algorithm stays the same.

local canary = require("balancer.canary")
local consistent_hash = require("balancer.consistent_hash")
local ejection = require("balancer.ejection")
local ewma = require("balancer.ewma")
local round_robin = require("balancer.round_robin")
local session = require("balancer.session")
local sticky_balanced = require("balancer.sticky_balanced")
local sticky_persistent = require("balancer.sticky_persistent")
local subset_hash = require("balancer.subset_hash")

local _M = {}

local NO_POLICY = {}

--- A peer that nginx can dial; `text` is how $upstream_addr shows it.
function _M.peer(address, port)
  local host = address:find(":", 1, true) and "[" .. address .. "]" or address
  return { host = host, port = port, text = host .. ":" .. port }
end

-- The same hosts, as DNS says, at what is their port now.
local function at_port(peers, port)
  local moved = {}
  for i, peer in ipairs(peers) do
    moved[i] = { host = peer.host, port = port, text = peer.host .. ":" .. port }
  end
  return moved
end

local function peers_of(endpoints)
  local peers = {}
  for i, endpoint in ipairs(endpoints) do
    peers[i] = _M.peer(endpoint.address, endpoint.port)
  end
  return peers
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

--- `before` is the compiled form of the same backend until now, or nil. An algorithm is a module
-- with new(backend), whose objects have sync(backend), balance(peers, tried, var, route), and where
-- it learns from answers after_balance(text, seconds, spent).
function _M.compile(value, before)
  local policy = value.policy or NO_POLICY
  local algorithm = algorithm_of(policy)
  local backend = {
    name = value.name,
    policy = policy,
    resolve = value.resolve ~= ngx.null and value.resolve or nil,
    peers = peers_of(value.endpoints),
    -- For the sessions that they hold, and nothing else; nil for none.
    draining = value.draining and peers_of(value.draining),
    canaries = canary.compile_all(value.canaries),
    session = policy.session_cookie and session.compile(policy.session_cookie, value.name),
    algorithm = algorithm,
    learns = algorithm.after_balance ~= nil,
  }
  local resolved = backend.resolve and before and before.resolve
  if resolved and resolved.name == backend.resolve.name and before.fresh_until then
    backend.peers = at_port(before.peers, backend.resolve.port)
    backend.fresh_until, backend.dns_problem = before.fresh_until, before.dns_problem
  end
  if before and before.algorithm == algorithm then
    backend.balancer = before.balancer
    before.is_replaced = true
  else
    backend.balancer = algorithm.new(backend)
  end
  backend.balancer:sync(backend)
  ejection.mark(backend)
  return backend
end

--- Gives a backend other peers, as DNS says.
function _M.set_peers(backend, peers)
  backend.peers = peers
  -- A lookup that began before the backend changed must not speak for its successor; what is not
  -- balanced by an algorithm of its own has none.
  if backend.balancer and not backend.is_replaced then
    backend.balancer:sync(backend)
  end
  ejection.mark(backend)
end

return _M
