-- Requests of hosts in native mode: nginx has chosen the location, which names the route. Before
-- the server's snippet comes what is asked of every request; then, in the location, its route is
-- noted; and after the location's snippets what the route's data says.

local feed = require("config.feed")
local hosts = require("router.host")
local names = require("router.names")
local router = require("router.router")

local is_internal = ngx.req.is_internal

local _M = {}

--- The server rewrite phase, before the server's own snippet.
function _M.admit(server)
  -- Subrequests and internal redirects are of a request that was asked already.
  if ngx.is_subrequest or is_internal() then
    return
  end
  feed.sync()
  local var = ngx.var
  local host = router.admit(var, server)
  local route = hosts.find(host, var.uri)
  if route and route.before_snippet and route.target.kind ~= "deny" then
    router.note(var, route)
    router.ask(route.before_snippet, var, route)
  end
end

-- Several locations can lead to one route, and data may be newer than the locations: then the route
-- is looked up as elsewhere.
local function find(var, id)
  local host = names.find(var.host)
  if not host or host.denied then
    return nil
  end
  return host.native and host.native[id] or (hosts.find(host, var.uri))
end

--- In the location, before its snippets: "1" when it is not to be served.
function _M.enter(id)
  local var = ngx.var
  router.leave(var)
  local route = find(var, id)
  if not route or route.target.kind == "deny" then
    return "1"
  end
  router.note(var, route)
  return ""
end

local function obey_again(var, id)
  if _M.enter(id) == "1" then
    return ngx.exit(503)
  end
  return router.obey(var, hosts.route(var.sluice_route), obey_again, id)
end

--- The rewrite phase of the location, and of those within it, which have not run what stands
-- before.
function _M.rewrite(id)
  local var = ngx.var
  local route = var.sluice_route ~= "" and hosts.route(var.sluice_route)
  if not route then
    var.sluice_after_snippet = "1"
    return obey_again(var, id)
  end
  return router.obey(var, route, obey_again, id)
end

return _M
