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

local function choose(var, main)
  local canaries, backends = main.canaries, {}
  if bound(main, var) then
    return nil
  end
  for i = 1, #canaries do
    backends[i] = ready(canaries[i]) or false
    if backends[i] and bound(backends[i], var) then
      return canaries[i], backends[i]
    end
  end
  local canary, backend = ask("by_header", var, canaries, backends)
  if not canary then
    canary, backend = ask("by_cookie", var, canaries, backends)
  end
  if not canary then
    canary, backend = draw(canaries, backends)
  end
  return canary, backend
end

--- Notes the choice in variables, which survive the jump into a profile.
function _M.decide(var, route, main)
  local canary, backend = choose(var, main)
  route.splits = true
  var.sluice_backend = canary and canary.id or ""
  var.proxy_alternative_upstream_name = backend and backend.name or ""
end

return _M
