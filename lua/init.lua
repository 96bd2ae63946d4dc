-- Runs in the master before it starts workers: loads every module, so that a worker reads no file.

local dictionary = require("config.dictionary")

local _M = {}

--- `name` and `previous` are the dictionaries of the routing state (config/dictionary.lua).
function _M.start(name, previous)
  require("resty.core")
  dictionary.choose(name, previous)
  require("config.api").init(ngx.config.prefix())
  require("router.response")
  require("router.native")
  require("router.router")
  require("balancer.balancer")
  require("tls.certificate")
  require("metrics.counters")
  require("worker")
end

return _M
