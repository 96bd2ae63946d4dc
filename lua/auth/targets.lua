-- The services for external authentication by host and port, with their addresses. Kept by the
-- worker, because a host may hold variables.

local dns = require("lib.dns")

local _M = {}

-- Clients may choose the hosts: emptied when full.
local MAX_TARGETS = 1000
local targets, size = {}, 0

--- The service at a host and port, its addresses up to date. May wait for DNS.
function _M.find(host, port)
  local name = host .. ":" .. port
  local target = targets[name]
  if not target then
    if size >= MAX_TARGETS then
      targets, size = {}, 0
    end
    target = {
      name = "external authentication",
      resolve = { name = host, port = port },
      peers = {},
      position = math.random(0, 65535),
    }
    targets[name] = target
    size = size + 1
  end
  dns.refresh(target)
  return target
end

return _M
