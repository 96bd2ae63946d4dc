-- One writer of the routing state at a time, among all workers. The lock of a worker that was
-- killed is taken over: nobody else would give it back.

local process = require("lib.process")

local state = require("config.dictionary").state

local KEY = "applying"
-- For the holder that hangs, in seconds.
local AT_MOST = 120

local _M = {}

--- Takes the lock unless a living worker holds it; says whether it did.
function _M.try()
  if state:add(KEY, ngx.worker.pid(), AT_MOST) then
    return true
  end
  local holder = state:get(KEY)
  -- Of several that find the same dead holder one takes over.
  if holder and not process.is_alive(holder) and state:add("heir/" .. holder, true, AT_MOST) then
    state:set(KEY, ngx.worker.pid(), AT_MOST)
    return true
  end
  return false
end

--- Gives the lock back.
function _M.release()
  state:delete(KEY)
end

return _M
