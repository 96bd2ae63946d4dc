-- A small DNS client for ExternalName Services (the distribution has no lua-resty-dns, and nginx's
-- own resolver knows no search domains): A, then AAAA when there is no A; search list and ndots as
-- resolv.conf(5) says; UDP, and TCP for truncated answers. RFC 1035.

local address = require("lib.address")
local backend_compiler = require("balancer.backend")
local feed = require("config.feed")
local peer = require("balancer.peer")

local bit = require("bit")
local band, lshift, rshift = bit.band, bit.lshift, bit.rshift
local byte, char, format = string.byte, string.char, string.format
local lower, sub = string.lower, string.sub
local concat = table.concat

local TYPE_A, TYPE_AAAA = 1, 28
local RCODE_NXDOMAIN = 3
-- Answers are kept at least and at most this long, in seconds, whatever their TTL.
local MIN_TTL, MAX_TTL = 1, 300
-- A name that could not be resolved is asked for again after this many seconds.
local RETRY = 1

local _M = {}

local function uint16(text, at)
  local a, b = byte(text, at, at + 1)
  return a and b and lshift(a, 8) + b
end

local function encode_query(id, name, kind)
  local parts = { char(rshift(id, 8), band(id, 255)), "\1\0\0\1\0\0\0\0\0\0" }
  for label in name:gmatch("[^.]+") do
    parts[#parts + 1] = char(#label) .. label
  end
  parts[#parts + 1] = "\0" .. char(0, kind) .. "\0\1"
  return concat(parts)
end

-- The position after a name in a message; compressed names end in a two-byte pointer.
local function skip_name(message, at)
  while true do
    local length = byte(message, at)
    if not length then
      return nil
    end
    if length == 0 then
      return at + 1
    end
    if length >= 192 then
      return at + 2
    end
    at = at + length + 1
  end
end

local function show_ipv6(data)
  local groups = {}
  for i = 1, 8 do
    groups[i] = format("%x", uint16(data, 2 * i - 1))
  end
  -- The longest run of zero groups becomes "::" (RFC 5952).
  local best_at, best_length, at = 0, 1, 1
  while at <= 8 do
    local stop = at
    while groups[stop] == "0" do
      stop = stop + 1
    end
    if stop - at > best_length then
      best_at, best_length = at, stop - at
    end
    at = stop > at and stop or at + 1
  end
  if best_at == 0 then
    return concat(groups, ":")
  end
  local left = concat(groups, ":", 1, best_at - 1)
  return left .. "::" .. concat(groups, ":", best_at + best_length, 8)
end

-- The answer to a query: {rcode, truncated, addresses, ttl}, or nil and what is wrong with it. The
-- answer must repeat id and question (RFC 5452).
local function decode_answer(message, query, kind)
  local question = sub(query, 13)
  local repeated = lower(sub(message, 13, 12 + #question))
  if sub(message, 1, 2) ~= sub(query, 1, 2) or repeated ~= lower(question) then
    return nil, "not the answer to this question"
  end
  local flags = uint16(message, 3)
  if band(flags, 0x8000) == 0 then
    return nil, "not an answer"
  end
  local answer = {
    rcode = band(flags, 15),
    truncated = band(flags, 0x200) ~= 0,
    addresses = {},
    ttl = MAX_TTL,
  }
  local at = 13
  for _ = 1, uint16(message, 5) do
    at = skip_name(message, at)
    if not at then
      return nil, "a damaged question"
    end
    at = at + 4
  end
  for _ = 1, uint16(message, 7) do
    at = skip_name(message, at)
    local length = at and uint16(message, at + 8)
    if not length or at + 9 + length > #message then
      return nil, "a damaged answer"
    end
    local found = uint16(message, at)
    local ttl = uint16(message, at + 4) * 65536 + uint16(message, at + 6)
    local data = sub(message, at + 10, at + 9 + length)
    if ttl < answer.ttl then
      answer.ttl = ttl
    end
    if found == kind and kind == TYPE_A and length == 4 then
      answer.addresses[#answer.addresses + 1] = format("%d.%d.%d.%d", byte(data, 1, 4))
    elseif found == kind and kind == TYPE_AAAA and length == 16 then
      answer.addresses[#answer.addresses + 1] = show_ipv6(data)
    end
    at = at + 10 + length
  end
  return answer
end

local function ask_over_tcp(server, query, timeout)
  local socket = ngx.socket.tcp()
  socket:settimeout(timeout)
  local ok, err = socket:connect(server.host, server.port)
  if not ok then
    return nil, err
  end
  ok, err = socket:send(char(rshift(#query, 8), band(#query, 255)) .. query)
  local size = ok and socket:receive(2)
  local message = size and socket:receive(uint16(size, 1))
  socket:close()
  return message, err or "no whole answer"
end

local function ask_over_udp(server, query, timeout)
  local socket = ngx.socket.udp()
  socket:settimeout(timeout)
  local ok, err = socket:setpeername(server.host, server.port)
  if not ok then
    return nil, err
  end
  ok, err = socket:send(query)
  if not ok then
    return nil, err
  end
  local message, failure = socket:receive(4096)
  socket:close()
  return message, failure
end

-- Asks the servers in turn for one name and type.
local function ask(settings, name, kind)
  local problem = "no name server is configured"
  for _ = 1, settings.attempts do
    for _, server in ipairs(settings.servers) do
      local query = encode_query(math.random(0, 65535), name, kind)
      local message, err = ask_over_udp(server, query, settings.timeout_ms)
      local answer
      if message then
        answer, err = decode_answer(message, query, kind)
      end
      if answer and answer.truncated then
        message, err = ask_over_tcp(server, query, settings.timeout_ms)
        answer = nil
        if message then
          answer, err = decode_answer(message, query, kind)
        end
      end
      if answer and (answer.rcode == 0 or answer.rcode == RCODE_NXDOMAIN) then
        return answer
      end
      problem = "name server " .. server.host .. ": " .. (err or "code " .. answer.rcode)
    end
  end
  return nil, problem
end

-- The names to try, in order: as it is first when it has enough dots.
local function candidates(settings, name)
  local list = {}
  for _, domain in ipairs(settings.search) do
    list[#list + 1] = name .. "." .. domain
  end
  local _, dots = name:gsub("%.", "")
  table.insert(list, dots >= settings.ndots and 1 or #list + 1, name)
  return list
end

--- The addresses of a name and how many seconds they hold, or nil and why there are none.
function _M.resolve(settings, name)
  local problem = "the name does not exist"
  for _, candidate in ipairs(candidates(settings, name)) do
    for _, kind in ipairs(settings.ipv6 == false and { TYPE_A } or { TYPE_A, TYPE_AAAA }) do
      local answer, err = ask(settings, candidate, kind)
      if not answer then
        problem = err
      elseif #answer.addresses > 0 then
        return answer.addresses, math.max(MIN_TTL, answer.ttl)
      elseif answer.rcode == RCODE_NXDOMAIN then
        break
      end
    end
  end
  return nil, problem
end

local function is_address(name)
  return name:find(":", 1, true) ~= nil or name:find("^%d+%.%d+%.%d+%.%d+$") ~= nil
end

local function update(backend)
  local settings = feed.settings()
  local name, port = backend.resolve.name, backend.resolve.port
  local addresses, ttl
  if is_address(name) then
    addresses, ttl = { name }, MAX_TTL
  elseif name == "localhost" then
    addresses, ttl = { "127.0.0.1" }, MAX_TTL
  else
    addresses, ttl = _M.resolve(settings.dns, name)
  end
  if not addresses then
    ngx.log(ngx.WARN, "resolving ", name, " for ", backend.name, ": ", ttl)
    backend.fresh_until = ngx.now() + RETRY -- the last good answer stays
    return
  end
  local peers = {}
  for _, found in ipairs(addresses) do
    if address.refused(found, settings.loopback_endpoints) then
      ngx.log(ngx.WARN, "resolving ", name, " for ", backend.name, ": refused address ", found)
    else
      peers[#peers + 1] = peer.new(found, port)
    end
  end
  table.sort(peers, function(a, b)
    return a.text < b.text
  end)
  backend_compiler.set_peers(backend, peers)
  backend.fresh_until = ngx.now() + ttl
end

--- Brings the peers of an ExternalName backend up to date. The first request waits for the answer;
-- later ones go on with
--- the old addresses while a timer asks again.
function _M.refresh(backend)
  if not backend.fresh_until then
    return update(backend)
  end
  if backend.fresh_until > ngx.now() or backend.refreshing then
    return
  end
  backend.refreshing = true
  local ok, err = ngx.timer.at(0, function()
    update(backend)
    backend.refreshing = nil
  end)
  if not ok then
    backend.refreshing = nil
    ngx.log(ngx.WARN, "starting the refresh of ", backend.name, ": ", err)
  end
end

return _M
