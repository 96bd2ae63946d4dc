-- The header filter of every response.

local feed = require("config.feed")
local headers = require("router.headers")
local hosts = require("router.host")
local policies_of = require("policy.policies")

local header = ngx.header

local _M = {}

--- HDR-09: no Server header. TLS-12: HSTS on every response where nginx speaks TLS, in place of
-- what the backend said.
function _M.filter()
  local var = ngx.var
  local settings = feed.settings()
  local keeps = settings.server_header
  if not keeps or keeps == "backend" and not var.upstream_http_server then
    header["Server"] = nil
  end
  headers.answer(var)
  -- Most workers have no route that asks for it, and need not look.
  local key = policies_of.has_responses() and var.sluice_route
  local route = key and key ~= "" and hosts.route(key)
  local policies = route and route.on_response
  if policies then
    for i = 1, #policies do
      policies[i](var, route)
    end
  end
  local hsts = settings.hsts
  if hsts and var.https == "on" then
    header["Strict-Transport-Security"] = hsts
  end
end

return _M
