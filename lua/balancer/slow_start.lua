-- Slow start: an endpoint that joins others takes its part of the requests little by little, over
-- the seconds of upstream-slow-start. When it joined is noted in shared memory as the change comes
-- in, before any worker sees it, so that all agree and a reload does not end it.

local cjson = require("cjson.safe")
local peer = require("balancer.peer")

local find = string.find
local max = math.max
local now = ngx.now

local dict = ngx.shared.sluice_balancer

-- What an endpoint takes at first, of what it will take: none would never warm it up.
local FIRST = 0.1

local _M = {}

local function key_of(name, text)
  return "j/" .. name .. " " .. text
end

--- Notes those of a backend's peers that it did not have `before`. Nobody joins one that had none.
function _M.join(name, seconds, before, peers)
  if #before == 0 then
    return
  end
  local known = {}
  for _, found in ipairs(before) do
    known[found.text] = true
  end
  for _, found in ipairs(peers) do
    if not known[found.text] then
      local ok, err = dict:set(key_of(name, found.text), now(), seconds)
      if not ok then
        ngx.log(ngx.WARN, "storing when ", found.text, " joined: ", err)
      end
    end
  end
end

--- Notes who joins when the text `after` becomes the value of a backend; read(name) gives the one
-- that it has, nil for none.
function _M.replace(after, read, name)
  local before = find(after, '"slow_start":', 1, true) and read(name)
  local old, new = before and cjson.decode(before), before and cjson.decode(after)
  local seconds = old and new and new.policy and new.policy.slow_start
  if seconds then
    _M.join(new.name, seconds, peer.list(old.endpoints), peer.list(new.endpoints))
  end
end

--- The peers of a backend that are starting: text -> when each joined; nil for none.
function _M.young(backend)
  if not backend.policy.slow_start or #backend.peers < 2 then
    return nil
  end
  local young
  for _, found in ipairs(backend.peers) do
    local since = dict:get(key_of(backend.name, found.text))
    if since then
      young = young or {}
      young[found.text] = since
    end
  end
  return young
end

--- The part of its requests that a peer takes, above 0, 1 for all; forgets those that have started.
function _M.weight(backend, found)
  local young = backend.young
  local since = young[found.text]
  if not since then
    return 1
  end
  local part = (now() - since) / backend.policy.slow_start
  if part >= 1 then
    young[found.text] = nil
    if not next(young) then
      backend.young = nil
    end
    return 1
  end
  return max(FIRST, part)
end

return _M
