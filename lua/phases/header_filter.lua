-- HDR-09: no Server header. TLS-12: HSTS on every response where nginx speaks TLS, in place of
-- what the backend said.
local header = ngx.header
header["Server"] = nil
if ngx.var.https == "on" then
  local hsts = require("config.feed").settings().hsts
  if hsts then
    header["Strict-Transport-Security"] = hsts
  end
end
