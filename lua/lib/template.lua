-- Text with variables, as controller/feature/template.ts parses it: a list of strings,
-- { variable = name } and { capture = number }. Compiled once per route, filled in per request.

local concat = table.concat

local _M = {}

-- Variables that are known as soon as the route is: name -> field of the route.
local OF_ROUTE = {
  namespace = "namespace",
  ingress_name = "ingress",
  service_name = "service",
  service_port = "port",
  location_path = "path",
}

local function part_of(part, route)
  if type(part) == "string" then
    return part
  end
  local field = part.variable and OF_ROUTE[part.variable]
  if field then
    return route and route[field] or ""
  end
  return part
end

local function value_of(part, var, captures)
  if type(part) == "string" then
    return part
  end
  if part.capture then
    local text = captures and captures[part.capture]
    return text or ""
  end
  if part.variable == "escaped_request_uri" then
    return ngx.escape_uri(var.request_uri or "")
  end
  return var[part.variable] or ""
end

--- A function of ngx.var and the captures of the path (or nil), which returns the text. `route`
-- gives the variables that are known without a request; it may be nil.
function _M.compile(parts, route)
  local fixed = {}
  local is_constant = true
  for i, part in ipairs(parts) do
    fixed[i] = part_of(part, route)
    is_constant = is_constant and type(fixed[i]) == "string"
  end
  if is_constant then
    local text = concat(fixed)
    return function()
      return text
    end
  end
  local count = #fixed
  return function(var, captures)
    local texts = {}
    for i = 1, count do
      texts[i] = value_of(fixed[i], var, captures)
    end
    return concat(texts)
  end
end

return _M
