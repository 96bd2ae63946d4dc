-- The cookie of a session that began with this request, beside the cookies of the backend.

local _M = {}

local function add_cookie()
  local cookie = ngx.ctx.session_cookie
  if not cookie then
    return
  end
  local others = ngx.header["Set-Cookie"]
  if type(others) == "table" then
    others[#others + 1] = cookie
    ngx.header["Set-Cookie"] = others
  else
    ngx.header["Set-Cookie"] = others and { others, cookie } or cookie
  end
end

function _M.response(route)
  return route.policy.issues_session and add_cookie
end

return _M
