-- Parses a certificate chain and its key once per worker, so that handshakes cost what they cost
-- with static files.

local ssl = require("ngx.ssl")

local _M = {}

--- The parsed pair {chain, key}, or nil after a log line; the controller has checked the pair
-- before.
function _M.parse(value, name)
  local chain, chain_err = ssl.parse_pem_cert(value.chain)
  if not chain then
    ngx.log(ngx.ERR, "parsing the certificate of ", name, ": ", chain_err)
    return nil
  end
  local key, key_err = ssl.parse_pem_priv_key(value.key)
  if not key then
    ngx.log(ngx.ERR, "parsing the key of ", name, ": ", key_err)
    return nil
  end
  return { chain = chain, key = key }
end

return _M
