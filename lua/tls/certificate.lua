-- The certificate phase: exact name, then "*" for the first label, then the default certificate
-- (TLS-05).

local ssl = require("ngx.ssl")
local feed = require("config.feed")
local names = require("router.names")

local find = string.find
local lower = string.lower
local sub = string.sub

local _M = {}

local function wildcard_of(name)
  local dot = find(name, ".", 2, true)
  return dot and "*" .. sub(name, dot)
end

local function use(pair)
  local ok, err = ssl.clear_certs()
  if ok then
    ok, err = ssl.set_cert(pair.chain)
  end
  if ok then
    ok, err = ssl.set_priv_key(pair.key)
  end
  if not ok then
    ngx.log(ngx.ERR, "setting the certificate: ", err)
    return ngx.exit(ngx.ERROR)
  end
end

function _M.serve()
  feed.sync()
  local name = ssl.server_name()
  local pair
  if name then
    name = lower(name)
    if sub(name, -1) == "." then
      name = sub(name, 1, -2)
    end
    local wildcard = wildcard_of(name)
    pair = feed.certificate(name) or wildcard and feed.certificate(wildcard)
    if not pair and feed.settings().reject_handshake and names.find(name) == feed.host("_") then
      return ngx.exit(ngx.ERROR)
    end
  end
  pair = pair or feed.certificate("_")
  if pair then
    return use(pair)
  end
  -- Else nginx goes on with the self-signed certificate of its configuration.
end

return _M
