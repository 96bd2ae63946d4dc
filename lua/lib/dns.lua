-- A small DNS client for ExternalName Services (the distribution has no lua-resty-dns, and nginx's
-- own resolver knows no search domains): A, then AAAA when there is no A; search list and ndots as
-- resolv.conf(5) says; UDP, and TCP for truncated answers.

local address = require("lib.address")
local backend_compiler = require("balancer.backend")
local feed = require("config.feed")
local message = require("lib.dns_message")
local semaphore = require("ngx.semaphore")
local peer = require("balancer.peer")

local bit = require("bit")
local band, rshift = bit.band, bit.rshift
local char, sub = string.char, string.sub
local max, min = math.max, math.min
local now = ngx.now

-- Answers are kept at least and at most this long, in seconds, whatever their TTL.
local MIN_TTL, MAX_TTL = 1, 300
-- A name that could not be resolved is asked for again after this many seconds.
local RETRY = 1
-- Addresses that nobody asked for since they expired, this many seconds ago, may be somebody else's
-- by now: a request waits so long for the new ones before it goes on with them.
local STALE, PATIENCE = 30, 1
-- A lookup that took longer is given up for lost.
local LONGEST = 30

local _M = {}

local function ask_over_tcp(server, query, timeout)
  local socket = ngx.socket.tcp()
  socket:settimeout(timeout)
  local ok, err = socket:connect(server.host, server.port)
  if not ok then
    return nil, err
  end
  ok, err = socket:send(char(rshift(#query, 8), band(#query, 255)) .. query)
  local size = ok and socket:receive(2)
  local answer = size and socket:receive(message.uint16(size, 1))
  socket:close()
  return answer, err or "no whole answer"
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
  local answer, failure = socket:receive(4096)
  socket:close()
  return answer, failure
end

-- Asks the servers in turn for one name and type; nil, what is wrong, and whether all were silent.
local function ask(settings, name, kind)
  local problem, is_silent = "no name server is configured", true
  for _ = 1, settings.attempts do
    for _, server in ipairs(settings.servers) do
      local query = message.encode_query(math.random(0, 65535), name, kind)
      local bytes, err = ask_over_udp(server, query, settings.timeout_ms)
      local answer
      if bytes then
        answer, err = message.decode_answer(bytes, query, kind)
      end
      if answer and answer.truncated then
        bytes, err = ask_over_tcp(server, query, settings.timeout_ms)
        answer = nil
        if bytes then
          answer, err = message.decode_answer(bytes, query, kind)
        end
      end
      if answer and (answer.rcode == 0 or answer.rcode == message.NXDOMAIN) then
        return answer
      end
      is_silent = is_silent and not bytes
      problem = "name server " .. server.host .. ": " .. (err or "code " .. answer.rcode)
    end
  end
  return nil, problem, is_silent
end

-- The names to try, in order: as it is first when it has enough dots, and alone with a dot behind.
local function candidates(settings, name)
  if sub(name, -1) == "." then
    return { sub(name, 1, -2) }
  end
  local list = {}
  for _, domain in ipairs(settings.search) do
    list[#list + 1] = name .. "." .. domain
  end
  local _, dots = name:gsub("%.", "")
  table.insert(list, dots >= settings.ndots and 1 or #list + 1, name)
  return list
end

-- The answer with the addresses of one candidate; nil, why there are none, and whether that is
-- because nobody answered.
local function addresses_of(settings, name)
  local kinds = settings.ipv6 == false and { message.A } or { message.A, message.AAAA }
  for _, kind in ipairs(kinds) do
    local answer, err, is_silent = ask(settings, name, kind)
    -- Without an answer about A, one about AAAA alone would move all requests to IPv6.
    if not answer or #answer.addresses > 0 then
      return answer, err, is_silent
    end
    if answer.rcode == message.NXDOMAIN then
      break
    end
  end
  return nil, nil, false
end

--- The addresses of a name and how many seconds they hold, or nil and why there are none. As with
-- glibc, servers that fail for one candidate are asked for the next, silent ones are not.
function _M.resolve(settings, name)
  local problem
  for _, candidate in ipairs(candidates(settings, name)) do
    local answer, err, is_silent = addresses_of(settings, candidate)
    if answer then
      return answer.addresses, max(MIN_TTL, min(MAX_TTL, answer.ttl))
    end
    problem = problem or err
    if is_silent then
      break
    end
  end
  return nil, problem or "the name does not exist, or has no addresses"
end

local function is_address(name)
  return name:find(":", 1, true) ~= nil or name:find("^%d+%.%d+%.%d+%.%d+$") ~= nil
end

local function addresses_and_ttl(settings, name)
  if is_address(name) then
    return { name }, MAX_TTL
  elseif name == "localhost" then
    return { "127.0.0.1" }, MAX_TTL
  end
  return _M.resolve(settings.dns, name)
end

-- One line when something goes wrong and one when it goes well again, however often it is tried.
local function tell(backend, problem)
  if problem ~= backend.dns_problem then
    local subject = "resolving " .. backend.resolve.name .. " for " .. backend.name .. ": "
    ngx.log(problem and ngx.WARN or ngx.NOTICE, subject, problem or "works again")
    backend.dns_problem = problem
  end
end

local function is_same(peers, others)
  for i = 1, max(#peers, #others) do
    if not peers[i] or not others[i] or peers[i].text ~= others[i].text then
      return false
    end
  end
  return true
end

-- Asks, and gives the backend the peers of the answer. Without one the last good answer stays.
local function update(backend)
  local settings = feed.settings()
  local addresses, ttl = addresses_and_ttl(settings, backend.resolve.name)
  if not addresses then
    tell(backend, ttl)
    backend.fresh_until = now() + RETRY
    return
  end
  local peers, refused = {}, {}
  for _, found in ipairs(addresses) do
    if address.refused(found, settings.loopback_endpoints) then
      refused[#refused + 1] = found
    else
      peers[#peers + 1] = peer.new(found, backend.resolve.port)
    end
  end
  table.sort(refused)
  tell(backend, refused[1] and "refused address " .. table.concat(refused, ", ") or nil)
  table.sort(peers, function(a, b)
    return a.text < b.text
  end)
  -- What the algorithm knows of its peers stays with them.
  if not is_same(peers, backend.peers) then
    backend_compiler.set_peers(backend, peers)
  end
  backend.fresh_until = now() + ttl
end

local function look_up(_, backend, lookup)
  local ok, err = pcall(update, backend)
  if not ok then
    ngx.log(ngx.ERR, "resolving ", backend.resolve.name, " for ", backend.name, ": ", err)
    backend.fresh_until = now() + RETRY
  end
  if backend.lookup == lookup then
    backend.lookup = nil
  end
  lookup.done:post(max(1, -lookup.done:count()))
end

--- Brings the peers of an ExternalName backend up to date: one lookup at a time. The first requests
-- wait for its answer, and one that comes when the old addresses are long stale waits a little;
-- others go on with the old ones.
function _M.refresh(backend)
  local time, fresh_until = now(), backend.fresh_until
  if fresh_until and fresh_until > time then
    return
  end
  local lookup = backend.lookup
  if not lookup or lookup.lost_at < time then
    lookup = { done = semaphore.new(), lost_at = time + LONGEST }
    backend.lookup = lookup
    local ok, err = ngx.timer.at(0, look_up, backend, lookup)
    if not ok then
      backend.lookup = nil
      ngx.log(ngx.WARN, "starting to resolve ", backend.resolve.name, ": ", err)
      return
    end
  end
  if not fresh_until or fresh_until + STALE < time then
    lookup.done:wait(fresh_until and PATIENCE or LONGEST)
  end
end

return _M
