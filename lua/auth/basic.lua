-- Basic authentication (RFC 7617) against user lists, in the router: not a directive, so that
-- realms and users are live without a reload and "satisfy any" needs nothing of nginx.

local crypt = require("auth.crypt")

local find, match, sub = string.find, string.match, string.sub

local _M = {}

-- feed.lua loads the routes' policies, so they cannot load it in turn.
local feed

-- Name and password of an Authorization header, or nil.
local function credentials(header)
  local encoded = header and match(header, "^[Bb][Aa][Ss][Ii][Cc] +(%S+) *$")
  local text = encoded and ngx.decode_base64(encoded)
  local colon = text and find(text, ":", 1, true)
  if colon then
    return sub(text, 1, colon - 1), sub(text, colon + 1)
  end
end

--- True when the request has a good name and password. A list that is not there lets nobody in.
function _M.admits(var, id)
  local name, password = credentials(var.http_authorization)
  if not name then
    return false
  end
  feed = feed or require("config.feed")
  local users = feed.users(id)
  if not users then
    ngx.log(ngx.ERR, "no user list ", id)
    return false
  end
  local hash = users[name]
  return hash ~= nil and crypt.matches(password, hash)
end

--- The WWW-Authenticate header that asks for them.
function _M.challenge(realm)
  return 'Basic realm="' .. realm .. '"'
end

--- Keeps the credentials from the backend. The log has the name all the same: the variable keeps
-- the value that it had once somebody asked.
function _M.drop_credentials(var)
  local _ = var.remote_user
  ngx.req.clear_header("Authorization")
end

return _M
