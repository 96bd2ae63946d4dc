-- Lists of exact texts and regular expressions, as nginx's maps have them.

local find = ngx.re.find

local _M = {}

local function is_match(text, pattern)
  local from, _, err = find(text, pattern.regex, pattern.options)
  if err then
    -- Given up by lua_regex_match_limit, or no regex at all: what looks for trouble finds it.
    return true
  end
  return from ~= nil
end

--- A function that says whether a text is in the list of { text = } and { regex =, options = };
--- nil for an empty list.
function _M.compile(list)
  if not list or #list == 0 then
    return nil
  end
  local exact, regexes = {}, {}
  for _, pattern in ipairs(list) do
    if pattern.text then
      exact[pattern.text] = true
    elseif select(3, find("", pattern.regex, pattern.options)) then
      ngx.log(ngx.ERR, "a pattern of the settings is no regular expression: ", pattern.regex)
    else
      regexes[#regexes + 1] = pattern
    end
  end
  return function(text)
    if exact[text] then
      return true
    end
    for i = 1, #regexes do
      if is_match(text, regexes[i]) then
        return true
      end
    end
    return false
  end
end

return _M
