-- rewrite-target that is a URL: nginx makes a redirect of such a rewrite, with the query behind it,
-- in the phase of the other redirects.

local response = require("lib.redirect")
local regex = require("router.regex")
local template = require("lib.template")

local find = string.find
local re_match = ngx.re.match

local _M = { rewrites = true }

function _M.route(route)
  local rewrite = route.policy.rewrite
  local start = rewrite and rewrite.target[1]
  if type(start) ~= "string" or not find(start, "^https?://") then
    return nil
  end
  local target = template.compile(rewrite.target, route)
  local path = route.path
  return function(var)
    local captures, err = re_match(var.uri, path, "ijo")
    if err then
      regex.note_failure(route, err)
      return ngx.exit(500)
    end
    if captures then
      local args = var.args
      local url = ngx.escape_uri(target(var, captures), 0)
      return response.redirect(302, args and args ~= "" and url .. "?" .. args or url)
    end
  end
end

return _M
