-- The life of a worker.

local counters = require("metrics.counters")
local ejection = require("balancer.ejection")
local feed = require("config.feed")
local profiles = require("router.profiles")
local retry_budget = require("balancer.retry_budget")
local series = require("metrics.series")
local traffic = require("metrics.traffic")
local under_way = require("lib.under_way")

local _M = {}

--- `config` is the digest of the configuration that the worker runs, `logged` the variables that
-- its access log prints, with blanks between them, `needs` what it has of what hosts need.
function _M.start(config, logged, needs)
  math.randomseed(ngx.now() * 1000 + ngx.worker.pid())
  profiles.load(needs)
  feed.start(config)
  counters.start(logged)
  traffic.start()
  ejection.start()
  retry_budget.start()
  under_way.start()
end

function _M.stop()
  under_way.stop()
  retry_budget.flush()
  series.flush(false)
  traffic.flush()
  feed.stop()
end

return _M
