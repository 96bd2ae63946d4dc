-- Headers that only a service for external authentication may set, on paths where none is asked.

local headers = require("lib.headers")

local _M = {}

function _M.route(route)
  return route.policy.cleared_headers and headers.clearer(route.policy.cleared_headers)
end

return _M
