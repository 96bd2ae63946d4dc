-- The header filter of every response.

local feed = require("config.feed")

local header = ngx.header

local _M = {}

--- HDR-09: no Server header. TLS-12: HSTS on every response where nginx speaks TLS, in place of
-- what the backend said.
function _M.filter()
  header["Server"] = nil
  local hsts = feed.settings().hsts
  if hsts and ngx.var.https == "on" then
    header["Strict-Transport-Security"] = hsts
  end
end

return _M
