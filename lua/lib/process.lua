-- Other processes of this machine.

local ffi = require("ffi")

local ESRCH = 3

ffi.cdef("int kill(int pid, int sig);")

local _M = {}

--- False when there is no such process: kill(2) with signal 0 only looks. Another user's is there.
function _M.is_alive(pid)
  return ffi.C.kill(pid, 0) == 0 or ffi.errno() ~= ESRCH
end

return _M
