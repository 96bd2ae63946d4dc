-- Runs in the master before it starts workers: loads every module, so that a worker reads no file.

local dictionary = require("config.dictionary")

local _M = {}

--- `name` and `previous` are the dictionaries of the routing state (config/dictionary.lua).
function _M.start(name, previous)
  require("resty.core")
  -- PCRE's own 32 KB are too few for groups that repeat along a path of some kilobytes. Steps are
  -- what bounds a match (lua_regex_match_limit).
  require("ngx.re").opt("jit_stack_size", 512 * 1024)
  dictionary.choose(name, previous)
  require("auth.answer")
  require("auth.balancer")
  require("auth.question")
  require("auth.signin")
  require("config.api").init(ngx.config.prefix())
  require("router.response")
  require("router.native")
  require("router.router")
  require("balancer.balancer")
  require("balancer.mirror")
  require("router.explain")
  require("router.errors")
  require("router.headers")
  require("tls.certificate")
  require("metrics.counters")
  require("metrics.series")
  require("metrics.report")
  require("metrics.traffic")
  require("worker")
end

return _M
