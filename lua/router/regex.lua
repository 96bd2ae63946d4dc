-- Paths that are regular expressions (PATH-08): from the start of the URI, in any case, without an
-- end; the first that matches wins. lua_regex_match_limit bounds what a pattern can cost (R6).

local byte = string.byte
local find = string.find
local lower = string.lower
local match = string.match
local re_find = ngx.re.find
local sub = string.sub

local QUESTION = byte("?")
local STAR = byte("*")
local BRACE = byte("{")

local _M = {}

-- What every text that a pattern matches begins with, in lower case; nil when that is only "/", or
-- cannot be told.
local function literal_start(pattern)
  if find(pattern, "|", 1, true) then
    return nil
  end
  local literal = match(pattern, "^[%w/_~%%-]*")
  local after = byte(pattern, #literal + 1)
  if after == QUESTION or after == STAR or after == BRACE then
    literal = sub(literal, 1, -2)
  end
  return #literal > 1 and lower(literal) or nil
end

--- Prepares a route. One that PCRE cannot compile serves nothing: what its pattern certainly covers
-- is refused, the rest is left to the other paths.
function _M.compile(route)
  local regex = "^" .. route.pattern
  local _, _, err = re_find("", regex, "ijo")
  if not err then
    route.regex = regex
    return
  end
  route.refused = literal_start(route.pattern)
  ngx.log(ngx.ERR, "path ", route.path, " of ", route.namespace, "/", route.ingress, ": ", err)
end

--- Tells of a pattern that gave up, once: clients choose the URIs.
function _M.note_failure(route, err)
  if not route.has_failed then
    route.has_failed = true
    ngx.log(ngx.ERR, "matching path ", route.path, " of ", route.namespace, "/", route.ingress,
      ": ", err)
  end
end

--- The first of these routes that matches, among those whose path is longer than `longer_than`;
-- with a status when it cannot be served: 503 for a pattern that does not compile, 500 for one that
-- gave up.
function _M.find(routes, uri, longer_than)
  for i = 1, #routes do
    local route = routes[i]
    if #route.path <= longer_than then
      return nil
    end
    local regex = route.regex
    if regex then
      local from, _, err = re_find(uri, regex, "ijo")
      if from then
        return route
      end
      if err then
        _M.note_failure(route, err)
        return route, 500
      end
    elseif route.refused and lower(sub(uri, 1, #route.refused)) == route.refused then
      return route, 503
    end
  end
  return nil
end

return _M
