-- Runs in the master before it starts workers: loads every module, so that a worker reads no file.

require("resty.core")
require("config.api").init(ngx.config.prefix())
require("router.response")
require("router.router")
require("balancer.balancer")
require("tls.certificate")
require("metrics.counters")
require("worker")
