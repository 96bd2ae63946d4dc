-- Answers that lead the client elsewhere.

local byte = string.byte
local match = string.match

local SLASH = byte("/")

local _M = {}

--- Ends the request with this status and Location.
function _M.redirect(status, location)
  ngx.header["Location"] = location
  ngx.status = status
  return ngx.exit(status)
end

--- The URI as the client wrote it, without the scheme and host of an absolute request line.
function _M.request_path(var)
  local uri = var.request_uri
  if byte(uri) ~= SLASH then
    return match(uri, "^%a[%w+.-]*://[^/?]*(.*)$") or "/"
  end
  return uri
end

-- ":port" of the listener; nothing where clients take it for granted.
local function port_of(var, scheme)
  local port = var.https == "on" and var.server_port or var.pass_port
  local usual = scheme == "https" and "443" or "80"
  return port == usual and "" or ":" .. port
end

--- A path of the host that was asked for, as nginx writes the redirects that it builds itself: a
-- URL without the client's port, unless the route's policy says otherwise.
function _M.to_path(var, policy, path)
  if policy.relative_redirects then
    return path
  end
  local scheme = var.pass_access_scheme
  local port = policy.port_in_redirects and port_of(var, scheme) or ""
  return scheme .. "://" .. var.host .. port .. path
end

return _M
