-- The profiles and servers that this worker's configuration has. A host may need others: a worker
-- that is told to quit still routes requests whose connections it accepted before.

local find = string.find
local match = string.match
local sub = string.sub

local _M = {}

-- What hosts need, and the servers by the host names that they list (controller/render/layout.ts).
local loaded, servers = {}, {}

--- Called once in each worker: `needs` are those that the configuration that it runs fulfils.
function _M.load(needs)
  loaded, servers = {}, {}
  for _, need in ipairs(needs) do
    loaded[need] = true
    local server, name = match(need, "^([^@]*)@(.+)$")
    if server then
      servers[name] = server
    end
  end
end

-- The server to which nginx takes the requests for a host, "" for the shared one.
local function server_of(name)
  local server = servers[name]
  if server then
    return server
  end
  local dot = find(name, ".", 2, true)
  return dot and servers["*" .. sub(name, dot)] or ""
end

-- What stands before a profile in a server.
local function prefix_of(server)
  return server == "" and "" or server .. "/"
end

--- True when nginx takes the requests for a host to a server in native mode: its locations find the
-- routes of any value by their path.
function _M.is_native(name)
  return sub(server_of(name), 1, 1) == "n"
end

-- Which routes need their profile is what controller/apply/needs.ts says.
local function lacks(route, prefix)
  return route.target.kind ~= "deny" and not loaded[prefix .. route.profile]
end

--- True when nginx takes requests for a decoded host to the server that it asks for, and this
-- worker can serve all its routes there; one that is denied needs nothing.
function _M.suffice(host)
  if host.denied or host.native and _M.is_native(host.name) then
    return true
  end
  local server = server_of(host.name)
  if server ~= (host.server or "") then
    return false
  end
  local prefix = prefix_of(server)
  for _, route in ipairs(host.routes) do
    if lacks(route, prefix) then
      return false
    end
  end
  return true
end

--- Makes routes that this worker cannot serve answer 503: the jump would end in 500.
function _M.deny_lacking(host)
  if host.native and _M.is_native(host.name) then
    return
  end
  local prefix = prefix_of(server_of(host.name))
  for _, route in ipairs(host.routes) do
    if lacks(route, prefix) then
      route.target = { kind = "deny", status = 503 }
    end
  end
end

return _M
