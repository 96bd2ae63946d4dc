-- Compiles the rules of canaries: what a request says about each of them (CAN-07).

local lower = string.lower
local re_find = ngx.re.find

local _M = {}

-- "always" is for the canary, "never" for main, all else says nothing.
local function word(value)
  if value == "always" then
    return true
  end
  if value == "never" then
    return false
  end
end

local function header_rule(policy)
  if not policy.header then
    return nil
  end
  local variable = "http_" .. lower(policy.header):gsub("-", "_")
  local wanted, pattern = policy.header_value, policy.header_pattern
  return function(var)
    local value = var[variable]
    if not value then
      return nil
    end
    if wanted then
      return value == wanted or nil
    end
    if not pattern then
      return word(value)
    end
    local from, _, err = re_find(value, pattern, "jo")
    if err then
      return false -- a pattern that is none, or that is hopeless with this value: main
    end
    return from ~= nil or nil
  end
end

local function cookie_rule(policy)
  local variable = policy.cookie and "cookie_" .. policy.cookie
  return variable and function(var)
    return word(var[variable])
  end
end

--- The canaries of a backend, oldest first; nil for none. Each has `by_header` and `by_cookie`,
-- functions of ngx.var that answer true for the canary, false for main and nil for neither, and
-- `share`, its part of the other requests.
function _M.compile_all(values)
  if not values then
    return nil
  end
  local canaries = {}
  for i, value in ipairs(values) do
    local policy = value.policy
    canaries[i] = {
      id = value.id,
      by_header = header_rule(policy),
      by_cookie = cookie_rule(policy),
      share = math.max(0, policy.weight / policy.total),
    }
  end
  return canaries
end

return _M
