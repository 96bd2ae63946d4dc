-- Decides between a backend and its canaries, once per request: sessions, then headers, then
-- cookies, then chance (CAN-07). A canary without endpoints takes no part (CAN-08).

local dns = require("lib.dns")
local feed = require("config.feed")
local session = require("balancer.session")

local random = math.random

local _M = {}

-- The backend of a canary; nil when it cannot serve.
local function ready(canary)
  local backend = feed.backend(canary.id)
  if backend and backend.resolve then
    dns.refresh(backend)
  end
  return backend and #backend.peers > 0 and backend or nil
end

local function bound(backend, var)
  return backend.session and session.is_bound(backend.session, var)
end

-- Asks one kind of rule of all that are left; those that the request declines are left out.
local function ask(rule, var, canaries, backends)
  for i = 1, #canaries do
    local canary = canaries[i]
    local answer = backends[i] and canary[rule] and canary[rule](var)
    if answer then
      return canary, backends[i]
    end
    if answer == false and canary[rule] then
      backends[i] = false
    end
  end
end

local function draw(canaries, backends)
  local rest = random()
  for i = 1, #canaries do
    if backends[i] then
      rest = rest - canaries[i].share
      if rest < 0 then
        return canaries[i], backends[i]
      end
    end
  end
end

-- What decides without chance: "session", "header" or "cookie", and the canary with its backend,
-- nil for main. Else nil, and `backends` has those among which chance decides.
local function decided(var, main, backends, ready_backend)
  local canaries = main.canaries
  if bound(main, var) then
    return "session"
  end
  for i = 1, #canaries do
    backends[i] = ready_backend(canaries[i]) or false
    if backends[i] and bound(backends[i], var) then
      return "session", canaries[i], backends[i]
    end
  end
  local canary, backend = ask("by_header", var, canaries, backends)
  if canary then
    return "header", canary, backend
  end
  canary, backend = ask("by_cookie", var, canaries, backends)
  if canary then
    return "cookie", canary, backend
  end
end

local function choose(var, main)
  local backends = {}
  local by, canary, backend = decided(var, main, backends, ready)
  if by then
    return canary, backend
  end
  return draw(main.canaries, backends)
end

-- As ready(), without asking DNS.
local function known(canary)
  local backend = feed.backend(canary.id)
  return backend and (backend.resolve or #backend.peers > 0) and backend or nil
end

--- What would be decided for a request, for people: `by`, and the backend `id` where chance has no
-- part, else the chance of each canary, 0 to 1.
function _M.foresee(var, main)
  local backends, chances, left = {}, {}, 1
  local by, canary = decided(var, main, backends, known)
  if by then
    return { by = by, id = canary and canary.id }
  end
  for i, each in ipairs(main.canaries) do
    local chance = backends[i] and math.min(each.share, left) or 0
    chances[i] = { id = each.id, chance = chance }
    left = left - chance
  end
  return { by = "chance", chances = chances }
end

--- Notes the choice in variables, which survive the jump into a profile.
function _M.decide(var, route, main)
  local canary, backend = choose(var, main)
  route.splits = true
  var.sluice_backend = canary and canary.id or ""
  var.proxy_alternative_upstream_name = backend and backend.name or ""
end

return _M
