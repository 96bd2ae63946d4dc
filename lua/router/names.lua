-- From the name that a client asks for to its host: exactly (exact aliases are hosts, too), with
-- the first label replaced by "*", by an alias that is a pattern, and else the catch-all (HOST-04,
-- HOST-05). Names come in lower case.

local feed = require("config.feed")

local find = string.find
local re_find = ngx.re.find
local sub = string.sub

local _M = {}

local MATCHES = {}

-- "*.name": anything in front.
function MATCHES.below(alias, name)
  local tail = sub(alias.name, 2)
  return #name > #tail and sub(name, -#tail) == tail
end

-- "name.*": anything behind.
function MATCHES.above(alias, name)
  local head = sub(alias.name, 1, -2)
  return #name > #head and sub(name, 1, #head) == head
end

-- In a group, so that no verb of PCRE can stand at its start. One that does not compile or gives up
-- matches nothing; that is told of once.
function MATCHES.regex(alias, name)
  local from, _, err = re_find(name, "(?:" .. alias.name .. ")", "ijo")
  if err and not alias.has_failed then
    alias.has_failed = true
    ngx.log(ngx.ERR, "alias ~", alias.name, " of host ", alias.host, ": ", err)
  end
  return from ~= nil
end

local function find_alias(name)
  local aliases = feed.aliases()
  for i = 1, aliases and #aliases or 0 do
    local alias = aliases[i]
    if MATCHES[alias.kind](alias, name) then
      return alias.host
    end
  end
  return nil
end

local function wildcard_of(name)
  local dot = find(name, ".", 2, true)
  return dot and "*" .. sub(name, dot)
end

--- The host, nil when there is not even a catch-all, and whether it was found by a pattern.
function _M.find(name)
  local host = feed.host(name)
  if host then
    return host
  end
  local wildcard = wildcard_of(name)
  host = wildcard and feed.host(wildcard)
  if host then
    return host
  end
  local other = find_alias(name)
  host = other and feed.host(other)
  if host then
    return host, true
  end
  return feed.host("_")
end

--- Whether clients of this name are shown a certificate other than the default one.
function _M.has_certificate(name)
  local wildcard = wildcard_of(name)
  return (feed.certificate(name) or wildcard and feed.certificate(wildcard)) ~= nil
end

return _M
