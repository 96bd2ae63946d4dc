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

local OF_HOST = {
  require("policy.denied"),
  require("policy.app_root"),
}

-- Before the snippets of the route, where it has some.
local BEFORE_SNIPPET = {}

-- Before the redirect to HTTPS.
local BEFORE_TLS = {}

-- Once a backend with endpoints is found, in the old order: limits, then who may enter, then what
-- is sent on.
local BEFORE_PROXY = {
  require("policy.proxy_variables"),
}

local ON_RESPONSE = {}

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

--- Adds to a host what is to be asked before the route is chosen.
function _M.compile_host(host)
  host.checks = collect(OF_HOST, "host", host)
end

--- Adds to a route what is to be asked of its requests.
function _M.compile_route(route)
  route.before_snippet = collect(BEFORE_SNIPPET, "route", route)
  route.before_tls = collect(BEFORE_TLS, "route", route)
  route.before_proxy = collect(BEFORE_PROXY, "route", route)
  route.on_response = collect(ON_RESPONSE, "response", route)
end

return _M
