-- Texts of a route that its profile's directives take from variables.

local _M = {}

-- policy -> variables for its two texts.
local PAIRS = {
  redirects = { "sluice_redirect_from", "sluice_redirect_to" },
  cookie_domain = { "sluice_cookie_domain_from", "sluice_cookie_domain_to" },
  cookie_path = { "sluice_cookie_path_from", "sluice_cookie_path_to" },
}

function _M.route(route)
  local policy = route.policy
  local names, values = {}, {}
  local function add(name, value)
    names[#names + 1], values[#values + 1] = name, value
  end
  for field, variables in pairs(PAIRS) do
    if policy[field] then
      add(variables[1], policy[field].from)
      add(variables[2], policy[field].to)
    end
  end
  if policy.connection then
    add("sluice_connection", policy.connection)
  end
  local count = #names
  if count == 0 then
    return nil
  end
  return function(var)
    for i = 1, count do
      var[names[i]] = values[i]
    end
  end
end

return _M
