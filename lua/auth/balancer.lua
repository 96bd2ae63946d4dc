-- The balancer phase of the question: the addresses that auth/question.lua found, in turn, and
-- another one for each retry.

local ngx_balancer = require("ngx.balancer")

-- As in balancer/balancer.lua.
local TRIES = 3

-- Seconds; those of the path are about its backend, which may take an hour or must not take two.
local CONNECT, SEND, READ = 5, 60, 60

local _M = {}

function _M.balance()
  local target = ngx.ctx.auth_target
  local peers = target and target.peers
  if not peers or #peers == 0 then
    ngx.log(ngx.ERR, "no address of the service for external authentication")
    return ngx.exit(502)
  end
  if not ngx_balancer.get_last_failure() then
    ngx_balancer.set_more_tries(TRIES - 1)
  end
  target.position = target.position % #peers + 1
  local peer = peers[target.position]
  local ok, err = ngx_balancer.set_timeouts(CONNECT, SEND, READ)
  if not ok then
    ngx.log(ngx.ERR, "setting the timeouts: ", err)
  end
  ok, err = ngx_balancer.set_current_peer(peer.host, peer.port)
  if not ok then
    ngx.log(ngx.ERR, "setting the peer ", peer.text, ": ", err)
    return ngx.exit(502)
  end
end

return _M
