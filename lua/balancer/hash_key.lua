-- The text that upstream-hash-by makes of a request.

local template = require("lib.template")

local _M = {}

--- A function of ngx.var and the route. A text may name variables of the route, so it is compiled
-- once for each that is met.
function _M.compile(parts)
  local by_route = setmetatable({}, { __mode = "k" })
  return function(var, route)
    local text = by_route[route]
    if not text then
      text = template.compile(parts, route)
      by_route[route] = text
    end
    return text(var)
  end
end

return _M
