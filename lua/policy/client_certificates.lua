-- Hosts with client certificates (auth-tls-*): whose certificates may enter, and what backends are
-- told of them (HDR-08). The headers are made of variables that are empty on all other hosts, so
-- that no client can send them (R19). nginx itself has verified the certificate by now.

local refind = ngx.re.find
local exit = ngx.exit

local _M = {}

-- RFC 2253 writes the subject; there is none without a certificate, or without TLS.
local function matches(var, pattern)
  local from, _, err = refind(var.ssl_client_s_dn or "", pattern, "jo")
  if err then
    ngx.log(ngx.WARN, "matching the subject of a client certificate: ", err)
    return exit(500)
  end
  return from ~= nil
end

function _M.host(host)
  local policy = host.policy.client_certificates
  if not policy then
    return nil
  end
  local pattern, pass = policy.subject, policy.pass
  return function(var)
    if pattern and not matches(var, pattern) then
      return exit(403)
    end
    local verify = var.ssl_client_verify
    if not verify then
      return -- no TLS
    end
    var.sluice_client_verify = verify
    var.sluice_client_subject = var.ssl_client_s_dn or ""
    var.sluice_client_issuer = var.ssl_client_i_dn or ""
    if pass then
      var.sluice_client_certificate = var.ssl_client_escaped_cert or ""
    end
  end
end

return _M
