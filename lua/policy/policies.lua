-- The policies of routes and hosts, in the order in which they are asked (PHASE-01 of
-- docs/spec/annotations.yaml). Each is one module with any of
--   host(host)       -> function(var): before the route is chosen
--   route(route)     -> function(var, route): while the request is routed
--   response(route)  -> function(var, route): in the header filter of its response
-- called once when a host is compiled; nil: it has nothing to do there, and costs nothing.
-- `rewrites` marks a policy that was a directive of nginx's rewrite module: a snippet's "break"
-- skips it.
-- A function ends the request (redirect, refusal), or returns nothing.

local _M = {}

local has_responses = false

local OF_HOST = {
  require("policy.client_certificates"),
  require("policy.denied"),
  require("policy.leads_to"),
  require("policy.app_root"),
}

-- Before the snippets of the route, where it has some.
local BEFORE_SNIPPET = {
  require("policy.cors"),
}

-- Before the redirect to HTTPS.
local BEFORE_TLS = {
  require("policy.redirect"),
  require("policy.rewrite_redirect"),
}

-- Once a backend with endpoints is found, in the old order: limits, then who may enter, then what
-- is sent on.
local BEFORE_PROXY = {
  require("policy.limits"),
  require("policy.access"),
  require("policy.cleared_headers"),
  require("policy.rewrite"),
  require("policy.upstream_host"),
  require("policy.proxy_variables"),
  require("policy.backend_tls"),
  require("policy.bandwidth"),
  require("policy.mirror"),
}

local ON_RESPONSE = {
  require("policy.custom_headers"),
  require("policy.cors"),
  require("policy.auth_answer"),
  require("policy.session_cookie"),
}

-- A snippet ends with setting this variable; a "break" in it, or a "rewrite … break", does not get
-- there.
local function unless_skipped(rewrite)
  return function(var, route)
    if var.sluice_after_snippet == "1" then
      return rewrite(var, route)
    end
  end
end

-- A list of functions, nil when it would be empty.
local function collect(policies, kind, value)
  local functions
  for _, policy in ipairs(policies) do
    local found = policy[kind](value)
    if found then
      if policy.rewrites and kind == "route" and value.policy.jumps_first then
        found = unless_skipped(found)
      end
      functions = functions or {}
      functions[#functions + 1] = found
    end
  end
  return functions
end

-- A list as a set, nil for none.
local function set(list)
  local found = list and {}
  for _, entry in ipairs(list or {}) do
    found[entry] = true
  end
  return found
end

--- Adds to a host what is to be asked before the route is chosen.
function _M.compile_host(host)
  host.checks = collect(OF_HOST, "host", host)
end

--- Adds to a route what is to be asked of its requests.
function _M.compile_route(route)
  route.before_snippet = collect(BEFORE_SNIPPET, "route", route)
  route.errors = set(route.policy.error_codes)
  -- Whether another backend than its own may get its requests (router/errors.lua).
  route.has_stand_in = (route.errors or route.policy.default_backend) and true or false
  route.before_tls = collect(BEFORE_TLS, "route", route)
  route.before_proxy = collect(BEFORE_PROXY, "route", route)
  route.on_response = collect(ON_RESPONSE, "response", route)
  has_responses = has_responses or route.on_response ~= nil
end

--- Whether any route of this worker, now or before, has something to do with responses.
function _M.has_responses()
  return has_responses
end

return _M
