-- The header filter of every response.

local feed = require("config.feed")

local _M = {}

--- HDR-09: no Server header. TLS-12: HSTS on every response where nginx speaks TLS, in place of
-- what the backend said.
function _M.filter()
  local header = ngx.header
  header["Server"] = nil
  if ngx.var.https == "on" then
    local hsts = feed.settings().hsts
    if hsts then
      header["Strict-Transport-Security"] = hsts
    end
  end
end

return _M
