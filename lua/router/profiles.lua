-- The profiles that this worker's configuration has. A host may need others: a worker that is told
-- to quit still routes requests whose connections it accepted before.

local _M = {}

local loaded = {}

--- Called once in each worker: `names` are the profiles of the configuration that it runs.
function _M.load(names)
  loaded = {}
  for _, name in ipairs(names) do
    loaded[name] = true
  end
end

-- Which routes need their profile is what profilesOf in controller/apply/state.ts says.
local function lacks(route)
  return route.target.kind ~= "deny" and not loaded[route.profile]
end

--- True when this worker can serve all routes of a decoded host.
function _M.suffice(host)
  for _, route in ipairs(host.routes) do
    if lacks(route) then
      return false
    end
  end
  return true
end

--- Makes routes that this worker cannot serve answer 503: the jump would end in 500.
function _M.deny_lacking(host)
  for _, route in ipairs(host.routes) do
    if lacks(route) then
      route.target = { kind = "deny", status = 503 }
    end
  end
end

return _M
