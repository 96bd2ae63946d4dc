-- Compiles a host's value into lookup tables: exact paths by table, prefixes by one table per
-- distinct length, longest first; regular expressions one after the other. Paths follow PATH-01 to
-- PATH-10 of docs/spec/annotations.yaml.

local policies = require("policy.policies")
local regex = require("router.regex")

local sub = string.sub
local byte = string.byte
local sort = table.sort

local SLASH = byte("/")

local _M = {}

-- Routes by key, for the phases after the jump (the jump empties ngx.ctx, variables survive it). A
-- route stays as long as its host is current or a request that it serves is under way.
local live = {}
local last_key = 0

local function add_prefix(host, prefix, route)
  local length = #prefix
  local routes = host.prefixes[length]
  if not routes then
    routes = {}
    host.prefixes[length] = routes
    host.lengths[#host.lengths + 1] = length
  end
  routes[prefix] = route
end

--- Compiles the decoded value of a host. Routes come longest path first; what they mean is in
-- controller/apply/state.ts.
function _M.compile(value)
  local host = {
    name = value.name,
    native = value.native and {},
    server = value.server,
    denied = value.denied,
    guard = value.policy.client_certificates and value.server,
    policy = value.policy,
    exact = {},
    prefixes = {},
    lengths = {},
    slash = {},
    routes = {},
  }

  for i, route in ipairs(value.routes) do
    last_key = last_key + 1
    route.key = tostring(last_key)
    route.requests = 0
    route.location = "@" .. route.profile
    route.host = value.name
    policies.compile_route(route)
    host.routes[i] = route
    live[route.key] = route
    if host.native then
      host.native[route.native] = route
    end
    if route.match == "exact" then
      host.exact[route.path] = route
    elseif route.match == "regex" then
      regex.compile(route)
      host.regexes = host.regexes or {}
      host.regexes[#host.regexes + 1] = route
    end
  end

  -- Paths that users wrote with a final slash, and "/", before those that get one: "/p/" beats
  -- what "/p" implies.
  for _, route in ipairs(host.routes) do
    local path = route.path
    if route.match == "prefix" and byte(path, -1) == SLASH then
      add_prefix(host, path, route)
    end
  end
  for _, route in ipairs(host.routes) do
    local path = route.path
    if route.match == "prefix" and byte(path, -1) ~= SLASH then
      host.exact[path] = host.exact[path] or route
      local routes = host.prefixes[#path + 1]
      if not (routes and routes[path .. "/"]) then
        add_prefix(host, path .. "/", route)
      end
    end
  end
  -- nginx sends "/p" to "/p/" when only the prefix "/p/" is there (PATH-05).
  for _, route in ipairs(host.routes) do
    local path = route.path
    if route.match == "prefix" and #path > 1 and byte(path, -1) == SLASH then
      local bare = sub(path, 1, -2)
      if not host.exact[bare] then
        host.slash[bare] = route
      end
    end
  end
  policies.compile_host(host)
  sort(host.lengths, function(a, b)
    return a > b
  end)
  return host
end

local function find_literal(host, uri)
  local route = host.exact[uri]
  if route then
    return route
  end
  route = host.slash[uri]
  if route then
    return nil, route
  end
  local lengths, prefixes, size = host.lengths, host.prefixes, #uri
  for i = 1, #lengths do
    local length = lengths[i]
    if length <= size then
      route = prefixes[length][sub(uri, 1, length)]
      if route then
        return route
      end
    end
  end
  return nil
end

--- The route of a normalised URI. Without one, the route of "/p/" when the client is to be sent
-- there from "/p". With one, a status when it cannot be served.
--
-- Where regular expressions and other paths meet (--isolate-regex), an Exact path wins; then the
-- longer path, and of equally long ones the one that is no regular expression.
function _M.find(host, uri)
  local route, slash = find_literal(host, uri)
  local regexes = host.regexes
  if regexes and not (route and route.match == "exact") then
    local other = route or slash
    local found, status = regex.find(regexes, uri, other and #other.path or 0)
    if found then
      return found, nil, status
    end
  end
  return route, slash
end

--- The route of a request that was dispatched, by the variable $sluice_route.
function _M.route(key)
  return live[key]
end

--- Marks the routes of a host that is no longer current; those without requests under way are
-- dropped at once.
function _M.retire(host)
  for _, route in ipairs(host.routes) do
    route.retired = true
    if route.requests == 0 then
      live[route.key] = nil
    end
  end
end

--- Counts a dispatched request.
function _M.enter(route)
  route.requests = route.requests + 1
end

--- Counts the end of a dispatched request.
function _M.leave(route)
  route.requests = route.requests - 1
  if route.retired and route.requests == 0 then
    live[route.key] = nil
  end
end

--- The same by the route's key; does nothing when the route is gone.
function _M.leave_key(key)
  local route = live[key]
  if route then
    _M.leave(route)
  end
end

return _M
