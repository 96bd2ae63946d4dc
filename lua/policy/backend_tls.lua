-- TLS towards backends: the client certificate and the name of the backend, which directives of the
-- profile take from variables. Keys reach nginx this way only, never in files (R13).

local template = require("lib.template")

local _M = {}

function _M.route(route)
  local policy = route.policy.backend_tls
  if not policy then
    return nil
  end
  local feed = require("config.feed") -- it needs the policies itself
  local fingerprint = policy.certificate
  local name = policy.name and template.compile(policy.name, route)
  return function(var)
    if fingerprint then
      local pair = feed.pair(fingerprint)
      if not pair then
        return ngx.exit(503)
      end
      var.sluice_backend_certificate = pair.certificate
      var.sluice_backend_key = pair.key
    end
    if name then
      var.sluice_backend_name = name(var)
    end
  end
end

return _M
