-- rewrite-target: what the backend sees in place of the path; the query stays. Captures come from
-- the path of the rule as a regular expression, in any case and not anchored, as nginx's own
-- "rewrite … break" had them. Joining captures can make dot segments, which nobody has looked at
-- ("/api../x" with the path /api(.*)): they are refused (R20).

local regex = require("router.regex")
local template = require("lib.template")

local byte = string.byte
local find = string.find
local re_match = ngx.re.match
local set_header = ngx.req.set_header
local set_uri = ngx.req.set_uri

local SLASH = byte("/")

local _M = { rewrites = true }

local function has_dot_segment(uri)
  return find(uri, "/.", 1, true)
    and (find(uri, "/%.%.?/") or find(uri, "/%.%.?$")) ~= nil
end

function _M.route(route)
  local rewrite = route.policy.rewrite
  if not rewrite then
    return nil
  end
  local target = template.compile(rewrite.target, route)
  local prefix = rewrite.forwarded_prefix and template.compile(rewrite.forwarded_prefix, route)
  local path, logs = route.path, rewrite.log

  return function(var)
    local uri = var.uri
    local captures, err = re_match(uri, path, "ijo")
    if err then
      regex.note_failure(route, err)
      return ngx.exit(500)
    end
    if not captures then
      return
    end
    local rewritten = target(var, captures)
    if byte(rewritten) ~= SLASH or has_dot_segment(rewritten) then
      return ngx.exit(400)
    end
    if prefix then
      set_header("X-Forwarded-Prefix", prefix(var, captures))
    end
    if logs then
      ngx.log(ngx.NOTICE, 'rewritten "', uri, '" to "', rewritten, '"')
    end
    -- The third argument lets any byte pass: nginx escapes the path when it sends it.
    set_uri(rewritten, false, true)
  end
end

return _M
