-- Responses of paths with external authentication: the cookies of its answer, and the challenge
-- for a password where one would have done as well.

local basic = require("auth.basic")

local gmatch = string.gmatch

-- Statuses that get the cookies; with auth-always-set-cookie all do.
local GOOD = {}
for _, status in ipairs({ 200, 201, 204, 206, 301, 302, 303, 304, 307, 308 }) do
  GOOD[status] = true
end

local _M = {}

-- Adds values to a header of the response.
local function add(name, values)
  local before = ngx.header[name]
  local all = type(before) == "table" and before or { before }
  for _, value in ipairs(values) do
    all[#all + 1] = value
  end
  ngx.header[name] = all
end

function _M.response(route)
  local policy = route.policy
  local external = policy.external_auth
  return external
    and function(var)
      local status = ngx.status
      local cookies = var.sluice_auth_cookies
      if cookies and cookies ~= "" and (GOOD[status] or external.always_set_cookie) then
        local values = {}
        for cookie in gmatch(cookies, "[^\n]+") do
          values[#values + 1] = cookie
        end
        add("Set-Cookie", values)
      end
      if status == 401 and var.sluice_auth == "challenge" then
        add("WWW-Authenticate", { basic.challenge(policy.basic_auth.realm) })
      end
    end
end

return _M
