-- The location that asks the service for external authentication: where it is and what it is
-- asked, before; what it answered, after. Variables are shared with the request that it is about,
-- so they carry the answer there (auth/answer.lua).

local cache = require("auth.cache")
local hosts = require("router.host")
local targets = require("auth.targets")

local concat = table.concat
local find, format, gsub, lower = string.find, string.format, string.gsub, string.lower
local exit = ngx.exit

local _M = {}

-- Variables may hold decoded text, which must not end the request line.
local function safe_uri(uri)
  if find(uri, "[%c ]") then
    uri = gsub(uri, "[%c ]", function(character)
      return format("%%%02X", character:byte())
    end)
  end
  return uri
end

-- Nor may it begin a header.
local function safe_value(value)
  return find(value, "%c") and gsub(value, "%c", " ") or value
end

local LONG_LABEL = ("[^.]"):rep(64)

-- What a variable makes of a host must still be one that DNS can be asked for.
local function is_name(host)
  return #host <= 253 and find(host, "^[%w._-]+$") and not find(host, LONG_LABEL)
end

-- A refusal is a challenge where a password would do as well.
local function refusal(var, status)
  return status == 403 and var.sluice_auth == "challenge" and 401 or status
end

-- Answers as the service did before.
local function replay(var, status, challenge, values)
  ngx.ctx.auth_replayed = true
  var.sluice_auth_answer = values
  if status < 300 then
    return exit(204)
  end
  if challenge ~= "" then
    ngx.header["WWW-Authenticate"] = challenge
  end
  return exit(refusal(var, status))
end

--- The rewrite phase: 204 for who is in already, 500 for what cannot be asked.
function _M.prepare()
  local var = ngx.var
  if var.sluice_auth == "granted" then
    ngx.ctx.auth_replayed = true
    return exit(204)
  end
  local route = hosts.route(var.sluice_route)
  local external = route and route.external
  if not external then
    ngx.log(ngx.ERR, "a question for external authentication without a route that says whom to ask")
    return exit(500)
  end
  local ctx = ngx.ctx
  ctx.auth_external = external

  if external.cache then
    ctx.auth_key = external.cache.key(var)
    local status, challenge, values = cache.find(ctx.auth_key)
    if status then
      return replay(var, status, challenge, values)
    end
  end

  local host = lower(external.host(var))
  if not is_name(host) then
    ngx.log(ngx.WARN, "external authentication: not a host name: ", host)
    return exit(500)
  end
  local target = targets.find(host, external.port)
  if #target.peers == 0 then
    return exit(500)
  end
  ctx.auth_target = target

  var.sluice_auth_host = host
  var.sluice_auth_uri = safe_uri(external.uri(var))
  var.sluice_auth_method = external.method or "GET"
  var.sluice_auth_redirect = external.redirect and safe_value(external.redirect(var))
    or var.request_uri
  if external.method then
    var.sluice_auth_original_uri = var.request_uri
    var.sluice_auth_scheme = var.pass_access_scheme
  else
    var.sluice_auth_original_uri = ""
    var.sluice_auth_scheme = ""
  end
  for i, value in ipairs(external.values) do
    var["sluice_auth_value_" .. i] = safe_value(value(var))
  end
end

-- Values of the headers that the backend is to get, by line, in the order of their names.
local function values_of(external, header)
  local values = {}
  for i, name in ipairs(external.response_headers) do
    local value = header[name]
    values[i] = type(value) == "table" and concat(value, ", ") or value or ""
  end
  return concat(values, "\n")
end

--- The header filter.
function _M.take_answer()
  local ctx = ngx.ctx
  local external = ctx.auth_external
  if ctx.auth_replayed or not external then
    return
  end
  local var, header, status = ngx.var, ngx.header, ngx.status
  local cookies = header["Set-Cookie"]
  if cookies then
    var.sluice_auth_cookies = type(cookies) == "table" and concat(cookies, "\n") or cookies
  end
  local is_good = status >= 200 and status < 300
  local values = is_good and values_of(external, header) or ""
  var.sluice_auth_answer = values
  if ctx.auth_key and (is_good or status == 401 or status == 403) then
    local seconds = external.cache.seconds(status)
    if seconds then
      cache.keep(ctx.auth_key, seconds, status, header, values)
    end
  end
  local said = refusal(var, status)
  if said ~= status then
    ngx.status = said
  end
end

return _M
