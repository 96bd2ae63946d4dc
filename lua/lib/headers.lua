-- Headers that clients may not set.

local gsub, lower = string.gsub, string.lower

local _M = {}

-- CGI and what came after it read "X-User", "X_User" and "x.user" as one name.
local function normal(name)
  return (gsub(lower(name), "[^%w]", "-"))
end

--- A function that removes the headers of these names from the request, whatever their spelling;
-- nil for no names.
function _M.clearer(names)
  if #names == 0 then
    return nil
  end
  local wanted = {}
  for _, name in ipairs(names) do
    wanted[normal(name)] = true
  end
  return function()
    for name in pairs(ngx.req.get_headers(0, true)) do
      if wanted[normal(name)] then
        ngx.req.clear_header(name)
      end
    end
  end
end

return _M
