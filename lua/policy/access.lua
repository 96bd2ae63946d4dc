-- Who may enter: address lists, basic and external authentication, all of them or any ("satisfy").
-- Lists and passwords are decided here; the service for external authentication is asked by the
-- profile (auth/question.lua), unless $sluice_auth says that somebody is in already.

local basic = require("auth.basic")
local cidr = require("lib.cidr")
local external_compiler = require("auth.external")
local redirect = require("lib.redirect").redirect

local exit = ngx.exit

local _M = {}

-- A function of ngx.var: true when the lists let the client in, false when they keep it out, nil
-- when they say nothing of it. Refused addresses come first.
local function compile_lists(policy)
  local denied = policy.deny_from and cidr.compile(policy.deny_from)
  local allowed = policy.allow_from and cidr.compile(policy.allow_from)
  return (denied or allowed)
    and function(var)
      local address = var.binary_remote_addr or ""
      if denied and denied(address) then
        return false
      end
      if allowed then
        return allowed(address)
      end
      return nil
    end
end

-- Asks for a password, or sends the client to where it can sign in.
local function challenge(var, policy, external)
  if external and external.signin then
    return redirect(302, external.signin(var))
  end
  ngx.header["WWW-Authenticate"] = basic.challenge(policy.basic_auth.realm)
  return exit(401)
end

--- What the profile is told by $sluice_auth: "granted": ask nobody; "challenge": a password would
-- do as well.
local function all_of(policy, lists, external)
  local users = policy.basic_auth and policy.basic_auth.users
  return function(var)
    if lists and lists(var) == false then
      return exit(403)
    end
    if users and not basic.admits(var, users) then
      return challenge(var, policy, external)
    end
    if external then
      external_compiler.reset(var, "")
    elseif users then
      basic.drop_credentials(var)
    end
  end
end

local function any_of(policy, lists, external)
  local users = policy.basic_auth and policy.basic_auth.users
  return function(var)
    local listed = lists and lists(var)
    local granted = listed or (users and basic.admits(var, users))
    if not granted and not external then
      if users then
        return challenge(var, policy, external)
      end
      if listed == false then
        return exit(403)
      end
    end
    if external then
      external_compiler.reset(var, granted and "granted" or users and "challenge" or "")
    elseif users then
      basic.drop_credentials(var)
    end
  end
end

function _M.route(route)
  local policy = route.policy
  local lists = compile_lists(policy)
  local external = policy.external_auth and external_compiler.compile(policy.external_auth, route)
  route.external = external
  if not lists and not policy.basic_auth and not external then
    return nil
  end
  local combine = policy.satisfy == "any" and any_of or all_of
  return combine(policy, lists, external)
end

return _M
