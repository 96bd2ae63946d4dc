-- What the settings ask of every request, before it is routed: blocked clients, and URIs that are
-- not logged. Compiled with the settings; nil when they ask nothing.

local patterns = require("lib.patterns")

local _M = {}

local function refuse_when(matches, variable, flag)
  return function(var)
    local text = var[variable]
    if text and matches(text) then
      var[flag] = "1"
      return ngx.exit(403)
    end
  end
end

--- A list of functions of ngx.var, or nil.
function _M.compile(settings)
  local checks = {}
  local unlogged = patterns.compile(settings.unlogged)
  if unlogged then
    checks[#checks + 1] = function(var)
      if unlogged(var.request_uri) then
        var.no_log = "1"
      end
    end
  end
  local blocked = settings.blocked or {}
  local agents = patterns.compile(blocked.user_agents)
  if agents then
    checks[#checks + 1] = refuse_when(agents, "http_user_agent", "sluice_blocked_ua")
  end
  local referers = patterns.compile(blocked.referers)
  if referers then
    checks[#checks + 1] = refuse_when(referers, "http_referer", "sluice_blocked_ref")
  end
  return #checks > 0 and checks or nil
end

return _M
