-- The cookie of sticky sessions: "<key>|<mark of the backend>", as ingress-nginx writes it, so that
-- sessions outlive a migration in either direction. The key is what the algorithm makes of it; the
-- mark tells a main backend from its canary.

local concat = table.concat
local find = string.find
local match = string.match
local md5 = ngx.md5
local sub = string.sub

local _M = {}

--- `cookie` is the policy, `name` the old name of the backend ("namespace-service-port").
function _M.compile(cookie, name)
  return {
    cookie = cookie,
    variable = "cookie_" .. cookie.name,
    mark = md5(md5(name) .. name),
  }
end

--- The key in the request's cookie; nil where there is none.
function _M.read(session, var)
  local value = var[session.variable]
  if not value or value == "" then
    return nil
  end
  local bar = find(value, "|", 1, true)
  if not bar then
    return value
  end
  return bar > 1 and sub(value, 1, bar - 1) or nil
end

--- True when the request has a session with this backend: the mark behind its key is ours.
function _M.is_bound(session, var)
  local value = var[session.variable]
  local bar = value and find(value, "|", 1, true)
  return bar ~= nil and sub(value, bar + 1) == session.mark
end

--- True when a request is to leave the peer of its session, which then begins anew elsewhere. One
-- that failed for it is tried again, as ingress-nginx does, unless the cookie's policy says
-- otherwise; a draining one (not in `takes`, text -> true) that fails has ended and stays away.
function _M.moves(session, peer, tried, takes)
  if not tried or not tried[peer.text] then
    return false
  end
  return session.cookie.change_on_failure or not takes[peer.text]
end

-- Clients that take SameSite=None for Strict or drop the cookie: Chrome before 70, anything on
-- iOS 12, Safari on macOS 10.14.
local function mistakes_none(agent)
  if find(agent, "Chrome/[456]") then
    return true
  end
  if find(agent, "%(iP.+; CPU .*OS 12[_%d]*.*%) AppleWebKit/") then
    return true
  end
  return find(agent, "%(Macintosh;.*Mac OS X 10_14[_%d]*.*%) AppleWebKit.*Version/.*Safari") ~= nil
    and not find(agent, "Chrome/", 1, true)
end

local function same_site(cookie, var)
  local value = cookie.same_site
  if value == "None" and cookie.conditional_none and mistakes_none(var.http_user_agent or "") then
    return nil
  end
  return value
end

-- The value of Set-Cookie.
local function text_of(session, key, var, route)
  local cookie = session.cookie
  local parts = { cookie.name .. "=" .. key .. "|" .. session.mark }
  local function add(name, value)
    if value then
      parts[#parts + 1] = name .. "=" .. value
    end
  end
  add("Expires", cookie.expires and ngx.cookie_time(ngx.time() + cookie.expires))
  add("Max-Age", cookie.max_age)
  add("Domain", cookie.domain)
  -- A path of a rule may hold what would end the attribute.
  add("Path", cookie.path or match(route.path, "^[^;%c]*"))
  if cookie.secure or var.https == "on" then
    parts[#parts + 1] = "Secure"
  end
  parts[#parts + 1] = "HttpOnly"
  add("SameSite", same_site(cookie, var))
  return concat(parts, "; ")
end

--- Begins a session: its cookie goes out with the response (policy/session_cookie.lua), unless the
-- route's Ingress did not ask for affinity.
function _M.begin(session, key, var, route)
  if route.policy.issues_session then
    var.sluice_session = text_of(session, key, var, route)
  end
end

return _M
