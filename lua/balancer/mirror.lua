-- Sends copies of requests (policy/mirror.lua): our own lookup of the name, because only there can
-- addresses be refused (R17) and search domains work.

local ngx_balancer = require("ngx.balancer")
local dns = require("lib.dns")
local hosts = require("router.host")
local round_robin = require("balancer.round_robin")

local _M = {}

-- The target of the route, and the route.
local function target_of(var)
  local route = hosts.route(var.sluice_route)
  return route and route.mirror, route
end

--- The rewrite phase of the copy; the client waits for it with the end of its own request only.
function _M.rewrite()
  local target = target_of(ngx.var)
  if target then
    dns.refresh(target)
  end
  if not target or #target.peers == 0 then
    return ngx.exit(502)
  end
end

--- The balancer phase of the copy.
function _M.balance()
  local target, route = target_of(ngx.var)
  if not target or #target.peers == 0 then
    return ngx.exit(502)
  end
  target.balancer = target.balancer or round_robin.new()
  local peer = target.balancer:balance(target.peers)
  local timeouts = route.policy.timeouts
  local ok, err = ngx_balancer.set_timeouts(timeouts.connect, timeouts.send, timeouts.read)
  if ok then
    ok, err = ngx_balancer.set_current_peer(peer.host, peer.port)
  end
  if not ok then
    ngx.log(ngx.ERR, "sending a copy to ", peer.text, ": ", err)
    return ngx.exit(502)
  end
end

return _M
