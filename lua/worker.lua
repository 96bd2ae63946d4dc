-- The life of a worker.

local counters = require("metrics.counters")
local feed = require("config.feed")

local _M = {}

--- `config` is the digest of the configuration that the worker runs, `logged` the variables that
-- its access log prints, with blanks between them.
function _M.start(config, logged)
  math.randomseed(ngx.now() * 1000 + ngx.worker.pid())
  feed.start(config)
  counters.start(logged)
end

function _M.stop()
  counters.flush()
  feed.stop()
end

return _M
