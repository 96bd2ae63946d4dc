-- The cookie of a session that began with this request, beside the cookies of the backend. It is in
-- a variable: that survives the jump into a profile, and asking ngx.ctx would make a table.

local _M = {}

local function add_cookie(var)
  local cookie = var.sluice_session
  if not cookie or cookie == "" then
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
