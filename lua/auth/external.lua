-- What a route says of external authentication, compiled; and what a request notes of it.

local cjson = require("cjson.safe")
local headers = require("lib.headers")
local template = require("lib.template")

local _M = {}

local function compile_cache(cache, route, value)
  local key = template.compile(cache.key, route)
  local seconds = {}
  for _, duration in ipairs(cache.durations) do
    seconds[duration[1]] = seconds[duration[1]] or duration[2]
  end
  -- Its own for each host, path and service: nobody's answer is taken for another's.
  local place = { route.host, route.match, route.path }
  local space = cjson.encode({ place, value.host, value.port, value.uri, value.method or "" })
  return {
    key = function(var)
      return ngx.sha1_bin(space .. key(var))
    end,
    seconds = function(status)
      return seconds[status] or seconds[0]
    end,
  }
end

--- Called when a host is compiled.
function _M.compile(value, route)
  local values = {}
  for i, header in ipairs(value.header_values) do
    values[i] = template.compile(header, route)
  end
  return {
    host = template.compile(value.host, route),
    port = value.port,
    uri = template.compile(value.uri, route),
    method = value.method,
    redirect = value.redirect and template.compile(value.redirect, route),
    signin = value.signin and template.compile(value.signin, route),
    values = values,
    cache = value.cache and compile_cache(value.cache, route, value),
    response_headers = value.response_headers,
    clear = headers.clearer(value.response_headers),
    always_set_cookie = value.always_set_cookie,
  }
end

--- Begins a request: `state` is what the question is told (policy/access.lua).
function _M.reset(var, state)
  var.sluice_auth = state
  var.sluice_auth_answer = ""
  var.sluice_auth_cookies = ""
end

return _M
