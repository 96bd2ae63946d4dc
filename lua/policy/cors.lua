-- Cross-origin requests (enable-cors, cors-*): preflights are answered here, before any redirect,
-- limit or authentication; answers to allowed origins get the headers, whoever made them.

local exit = ngx.exit
local format = string.format
local header = ngx.header
local lower = string.lower
local match = string.match

local _M = {}

-- The allowed origins as a set; nil when every origin is allowed.
local function origin_set(origins)
  local set = {}
  for _, origin in ipairs(origins) do
    if origin == "*" then
      return nil
    end
    set[origin] = true
  end
  return set
end

-- The value of Access-Control-Allow-Origin for a request, nil when its origin is not allowed. "*."
-- stands for exactly one label. Both ends count: "evilhttps://a.test" is nobody.
local function allowed(origins, origin)
  if not origins then
    return "*"
  end
  if not origin then
    return nil
  end
  local name = lower(origin)
  if origins[name] then
    return origin
  end
  local scheme, rest = match(name, "^(%l+://)[%w-]+%.([^*]+)$")
  return scheme and origins[scheme .. "*." .. rest] and origin or nil
end

local function compile(cors)
  local origins = origin_set(cors.origins)
  local max_age = format("%.0f", cors.max_age)
  local function set_headers(value)
    header["Access-Control-Allow-Origin"] = value
    if cors.credentials then
      header["Access-Control-Allow-Credentials"] = "true"
    end
    header["Access-Control-Allow-Methods"] = cors.methods
    header["Access-Control-Allow-Headers"] = cors.headers
    if cors.exposed then
      header["Access-Control-Expose-Headers"] = cors.exposed
    end
    header["Access-Control-Max-Age"] = max_age
  end
  return origins, set_headers
end

function _M.route(route)
  local cors = route.policy.cors
  local origins = cors and origin_set(cors.origins)
  return cors and function(var)
    if var.request_method == "OPTIONS" and allowed(origins, var.http_origin) then
      return exit(204)
    end
  end
end

function _M.response(route)
  local cors = route.policy.cors
  if not cors then
    return nil
  end
  local origins, set_headers = compile(cors)
  return function(var)
    local value = allowed(origins, var.http_origin)
    if value then
      set_headers(value)
    end
  end
end

return _M
