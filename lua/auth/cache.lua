-- Answers of services for external authentication, for all workers. What may be kept is what
-- nginx's own cache would keep.

local shared = ngx.shared.sluice_auth_cache
local find, lower, match, sub = string.find, string.lower, string.match, string.sub

local _M = {}

--- The answer under a key: its status, WWW-Authenticate ("" for none) and header values
-- (auth/answer.lua); or nil.
function _M.find(key)
  local text = shared:get(key)
  if not text then
    return nil
  end
  local status, challenge, values = match(text, "^(%d+)\n([^\n]*)\n(.*)$")
  return tonumber(status), challenge, values
end

local function text_of(value)
  return type(value) == "table" and table.concat(value, ", ") or value or ""
end

-- How long an answer may be kept, nil for not at all.
local function lifetime(seconds, header)
  local control = lower(text_of(header["Cache-Control"]))
  if
    header["Set-Cookie"]
    or find(control, "no-store", 1, true)
    or find(control, "no-cache", 1, true)
    or find(control, "private", 1, true)
    or find(text_of(header["Vary"]), "*", 1, true)
  then
    return nil
  end
  local max_age = tonumber(match(control, "s%-maxage=(%d+)") or match(control, "max%-age=(%d+)"))
  return max_age and math.min(max_age, seconds) or seconds
end

--- Keeps an answer for at most that many seconds.
function _M.keep(key, seconds, status, header, values)
  local allowed = lifetime(seconds, header)
  if not allowed or allowed <= 0 then
    return
  end
  local challenge = text_of(header["WWW-Authenticate"])
  local _, err = shared:set(key, status .. "\n" .. challenge .. "\n" .. values, allowed)
  if err and sub(err, 1, 9) ~= "no memory" then
    ngx.log(ngx.WARN, "keeping an answer of external authentication: ", err)
  end
end

return _M
