-- A peer: an endpoint in the form that nginx dials.

local find = string.find

local _M = {}

--- `text` is how $upstream_addr shows it.
function _M.new(address, port)
  local host = find(address, ":", 1, true) and "[" .. address .. "]" or address
  return { host = host, port = port, text = host .. ":" .. port }
end

--- The peers of a list of { address, port }.
function _M.list(endpoints)
  local peers = {}
  for i, endpoint in ipairs(endpoints) do
    peers[i] = _M.new(endpoint.address, endpoint.port)
  end
  return peers
end

return _M
