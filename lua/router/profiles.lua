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

-- What stands before a profile in the server to which nginx takes the requests for a host.
local function prefix_of(name)
  local server = servers[name]
  if not server then
    local dot = find(name, ".", 2, true)
    server = dot and servers["*" .. sub(name, dot)] or ""
  end
  return server == "" and "" or server .. "/"
end

--- True when nginx takes the requests for a host to a server in native mode: its locations find the
-- routes of any value by their path.
function _M.is_native(name)
  return sub(prefix_of(name), 1, 1) == "n"
end

-- Which routes need their profile is what controller/apply/needs.ts says.
local function lacks(route, prefix)
  return route.target.kind ~= "deny" and not loaded[prefix .. route.profile]
end

--- True when this worker can serve all routes of a decoded host; one that is denied needs nothing.
function _M.suffice(host)
  if host.denied or host.native and _M.is_native(host.name) then
    return true
  end
  local prefix = prefix_of(host.name)
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
  local prefix = prefix_of(host.name)
  for _, route in ipairs(host.routes) do
    if lacks(route, prefix) then
      route.target = { kind = "deny", status = 503 }
    end
  end
end

return _M
