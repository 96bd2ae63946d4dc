-- mirror-target: where the copy of a request goes. The URL is put together while the main request
-- is routed, because its variables are about that one; nginx sends the copy through the locations
-- of templates/mirror.hbs.

local template = require("lib.template")

local byte, format, gsub, sub = string.byte, string.format, string.gsub, string.sub

local _M = {}

-- Targets by address, shared by routes so that a name is looked up once; gone with the last route.
local targets = setmetatable({}, { __mode = "v" })

local function target_of(mirror)
  local name = mirror.host .. ":" .. mirror.port
  local target = targets[name]
  if not target then
    -- What lib/dns.lua keeps up to date, as of a backend.
    target = {
      name = "mirror " .. name,
      resolve = { name = mirror.host, port = mirror.port },
      peers = {},
    }
    targets[name] = target
  end
  return target
end

local function escape(character)
  return format("%%%02X", byte(character))
end

-- Text as a request line may hold it: clients fill the variables.
local function clean(uri)
  uri = gsub(uri, "[%z\1-\32\127]", escape)
  return sub(uri, 1, 1) == "/" and uri or "/" .. uri
end

-- One line, whatever clients fill it with.
local function one_line(text)
  return (gsub(text, "[%z\1-\32\127]", ""))
end

function _M.route(route)
  local mirror = route.policy.mirror
  if not mirror then
    return nil
  end
  route.mirror = target_of(mirror)
  local uri = template.compile(mirror.uri, route)
  local host = template.compile(mirror.host_header, route)
  local origin = mirror.scheme == "https" and "https://sluice_mirror_https"
    or "http://sluice_mirror_http"
  local keeps_query = mirror.query == "kept"
  return function(var)
    local path = clean(uri(var))
    local args = keeps_query and var.args
    if args and args ~= "" then
      path = path .. (path:find("?", 1, true) and "&" or "?") .. args
    end
    var.sluice_mirror_url = origin .. path
    var.sluice_mirror_host = one_line(host(var))
    var.sluice_mirror_name = mirror.host
  end
end

return _M
