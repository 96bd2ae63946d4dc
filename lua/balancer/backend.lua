-- Compiles a backend's value: its peers in the form that nginx dials, and the balancing state,
-- which lives on when only the endpoints change.

local round_robin = require("balancer.round_robin")

local _M = {}

--- A peer that nginx can dial; `text` is how $upstream_addr shows it.
function _M.peer(address, port)
  local host = address:find(":", 1, true) and "[" .. address .. "]" or address
  return { host = host, port = port, text = host .. ":" .. port }
end

--- `before` is the compiled form of the same backend until now, or nil.
function _M.compile(value, before)
  local backend = {
    name = value.name,
    resolve = value.resolve ~= ngx.null and value.resolve or nil,
    peers = {},
  }
  for i, endpoint in ipairs(value.endpoints) do
    backend.peers[i] = _M.peer(endpoint.address, endpoint.port)
  end
  local resolved = backend.resolve and before and before.resolve
  if resolved and resolved.name == backend.resolve.name then
    backend.peers, backend.fresh_until = before.peers, 0
  end
  backend.balancer = before and before.balancer or round_robin.new()
  return backend
end

return _M
