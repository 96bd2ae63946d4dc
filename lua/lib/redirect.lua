-- Answers that lead the client elsewhere.

local _M = {}

--- Ends the request with this status and Location.
function _M.redirect(status, location)
  ngx.header["Location"] = location
  ngx.status = status
  return ngx.exit(status)
end

return _M
