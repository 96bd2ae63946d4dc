-- The control API, on a unix socket that only the controller's user can reach, with a secret on
-- top. Requests:
--   POST /v1/apply        one batch of lines "set <name> <json>" or "del <name>", backends before
--                         hosts before removals; header Sluice-Base: "full", or
--                         "<epoch>:<generation>" (409 when the state is another one)
--   POST /v1/drain        body "on" or "off": HTTP/1 clients are asked to reconnect
--   POST /v1/explain      where a request would go (router/explain.lua)
--   GET  /v1/generation   epoch, generation, and what each worker has seen
--   GET  /v1/names        the names of all objects
--   GET  /v1/state/NAME   the value of one object
--   GET  /v1/series       what was measured of requests, as metrics/report.lua says
--   POST /v1/series/forget   keys of series to forget, one a line
--   GET  /v1/memory       the dictionaries: free and capacity in bytes
--   GET  /v1/status       nginx's status page
--   GET  /v1/connections  how many client connections are open, this one among them; null where
--                         nginx does not count them (it lacks the stub_status module)
--   GET  /v1/traffic      requests and errors by route and endpoint; asking switches counting on
--   GET  /v1/ejections    endpoints that are left out, how often that happened, and retries
--   GET  /configuration/backends   the backends as tools for ingress-nginx read them

local cjson = require("cjson.safe")
local ejection = require("balancer.ejection")
local feed = require("config.feed")
local history = require("config.history")
local lock = require("config.lock")
local report = require("metrics.report")
local retry_budget = require("balancer.retry_budget")
local slow_start = require("balancer.slow_start")
local store = require("config.store")
local traffic = require("metrics.traffic")

local state = require("config.dictionary").state
local find = string.find
local match = string.match
local sub = string.sub

local LINES_PER_SLICE = 200
-- Longer change lists are not worth walking: the workers forget everything instead.
local MAX_LOGGED_NAMES = 1000
-- A worker that is further behind than this forgets everything.
local MAX_LOGS = 1000
local MAX_LINE = 16 * 1024 * 1024
-- Freeing what was kept (config/feed.lua) takes the lock, too, for a moment; a batch is not refused
-- for that. In tries and seconds.
local LOCK_TRIES, LOCK_PAUSE = 20, 0.005

local _M = {}

local secret

--- Reads the secret that requests must carry; called by init in the master.
function _M.init(prefix)
  local file = assert(io.open(prefix .. "secret", "r"))
  secret = file:read("*l")
  file:close()
  assert(secret and #secret >= 32, prefix .. "secret must hold at least 32 characters")
end

-- Compares in a time that does not depend on where the texts differ.
local function same(a, b)
  if #a ~= #b then
    return false
  end
  local difference = 0
  for i = 1, #a do
    difference = bit.bor(difference, bit.bxor(a:byte(i), b:byte(i)))
  end
  return difference == 0
end

local function answer(status, value)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.say(cjson.encode(value))
  return ngx.exit(ngx.OK)
end

local function fail(status, message)
  return answer(status, { error = message })
end

local function epoch()
  local value = state:get("epoch")
  if not value then
    state:add("epoch", ngx.now() .. "-" .. ngx.worker.pid())
    value = state:get("epoch")
  end
  return value
end

local function current()
  return { epoch = epoch(), generation = state:get("generation") or 0 }
end

-- As store.stage(); what is kept for workers that quit makes room for what is wanted now.
local function stage(name, value)
  local pointer, err = store.stage(name, value)
  if not pointer and history.prune({}) > 0 then
    ngx.log(ngx.WARN, "replaced hosts are no longer kept for workers that quit: ", err)
    return store.stage(name, value)
  end
  return pointer, err
end

-- Reads the batch line by line and stages its values. Returns the list of staged {name, pointer}
-- and the list of removed names; or nil, what is wrong, and the HTTP status for it.
local function stage_lines(socket, length)
  local staged, removed, read = {}, {}, 0
  local lines = 0

  local function undo(message, status)
    for _, entry in ipairs(staged) do
      store.discard(entry.pointer)
    end
    return nil, message, status
  end

  while read < length do
    local line, err = socket:receive("*l")
    if not line then
      return undo("reading the batch: " .. err, 400)
    end
    read = read + #line + 1
    if #line > MAX_LINE then
      return undo("a line of over " .. MAX_LINE .. " bytes", 413)
    end
    local verb = sub(line, 1, 4)
    if verb == "set " then
      local stop = find(line, " ", 5, true)
      if not stop then
        return undo("a set without a value: " .. sub(line, 1, 80), 400)
      end
      local name, value = sub(line, 5, stop - 1), sub(line, stop + 1)
      if sub(name, 1, 8) == "backend/" then
        slow_start.replace(value, store.read, name)
      end
      local pointer, failure = stage(name, value)
      if not pointer then
        return undo(failure, 507)
      end
      staged[#staged + 1] = { name = name, pointer = pointer }
    elseif verb == "del " then
      removed[#removed + 1] = sub(line, 5)
    else
      return undo("a line that is neither set nor del: " .. sub(line, 1, 80), 400)
    end
    lines = lines + 1
    if lines % LINES_PER_SLICE == 0 then
      ngx.sleep(0)
    end
  end
  return staged, removed
end

-- What workers that were told to quit may need as it was: hosts, and backends that go.
local function outdated(staged, removed)
  local names = {}
  for _, entry in ipairs(staged) do
    if match(entry.name, "^host/") then
      names[#names + 1] = entry.name
    end
  end
  for _, name in ipairs(removed) do
    if match(name, "^host/") or match(name, "^backend/") then
      names[#names + 1] = name
    end
  end
  return names
end

local function commit(staged, removed, is_full)
  local generation = (state:get("generation") or 0) + 1
  if is_full then
    local wanted = {}
    for _, entry in ipairs(staged) do
      wanted[entry.name] = true
    end
    for name in pairs((store.names())) do
      if not wanted[name] then
        removed[#removed + 1] = name
      end
    end
  end

  local log = "*"
  if not is_full and #staged + #removed <= MAX_LOGGED_NAMES then
    local names = {}
    for i, entry in ipairs(staged) do
      names[i] = entry.name
    end
    for _, name in ipairs(removed) do
      names[#names + 1] = name
    end
    log = table.concat(names, "\n")
  end
  local ok, err = state:safe_set("log/" .. generation, log)
  if not ok then
    return nil, "storing the change log: " .. err
  end

  local kept = history.keep(outdated(staged, removed), generation, feed.quits())

  -- Nothing below can fail or yield. Order: backends and hosts come, hosts go, the generation
  -- moves, backends and user lists go.
  local replaced, late = {}, {}
  for i, entry in ipairs(staged) do
    replaced[i] = store.move(entry.name, entry.pointer)
  end
  for _, name in ipairs(removed) do
    if match(name, "^backend/") or match(name, "^users/") then
      late[#late + 1] = name
    else
      replaced[#replaced + 1] = store.move(name, 0)
    end
  end
  state:set("generation", generation)
  feed.announce()
  for _, name in ipairs(late) do
    replaced[#replaced + 1] = store.move(name, 0)
  end
  for _, pointer in ipairs(replaced) do
    if not kept[pointer] then
      store.discard(pointer)
    end
  end
  for _, name in ipairs(removed) do
    store.forget(name)
  end
  state:delete("log/" .. generation - MAX_LOGS)
  if is_full then
    store.sweep(history.pointers())
  end
  return generation
end

local function lock_state()
  for _ = 1, LOCK_TRIES do
    if lock.try() then
      return true
    end
    ngx.sleep(LOCK_PAUSE)
  end
  return false
end

local function apply()
  local length = tonumber(ngx.var.http_content_length)
  if not length then
    return fail(411, "the batch needs a Content-Length")
  end
  if not lock_state() then
    return fail(423, "another batch is being applied")
  end

  local function finish(status, value)
    lock.release()
    return answer(status, value)
  end

  local base = ngx.var.http_sluice_base or ""
  local before = current()
  if base ~= "full" and base ~= before.epoch .. ":" .. before.generation then
    before.error = "the state is not the one that this batch changes; send everything"
    return finish(409, before)
  end
  local staged, removed = {}, {}
  if length > 0 then
    local socket, err = ngx.req.socket()
    if not socket then
      return finish(500, { error = "opening the body: " .. err })
    end
    socket:settimeout(10000)
    local status
    staged, removed, status = stage_lines(socket, length)
    if not staged then
      return finish(status, { error = removed })
    end
  end
  local generation, err = commit(staged, removed, base == "full")
  if not generation then
    for _, entry in ipairs(staged) do
      store.discard(entry.pointer)
    end
    return finish(507, { error = err })
  end
  ngx.log(ngx.INFO, "generation ", generation, ": ", #staged, " set, ", #removed, " removed")
  return finish(200, current())
end

local function drain()
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if body == "on" then
    state:set("drain", true)
  elseif body == "off" then
    state:delete("drain")
  else
    return fail(400, "the body must be on or off")
  end
  feed.announce()
  return answer(200, current())
end

local function explain()
  ngx.req.read_body()
  local found, err = require("router.explain").answer(ngx.req.get_body_data())
  if not found then
    return fail(400, err)
  end
  return answer(200, found)
end

local function generation()
  local value = current()
  value.workers = setmetatable({}, cjson.array_mt)
  for pid, text in pairs(feed.reports()) do
    local id, config, seen, phase = match(text, "^(%d+) (%S*) (-?%d+) (%l+)")
    value.workers[#value.workers + 1] = {
      pid = tonumber(pid),
      id = tonumber(id),
      config = config,
      generation = tonumber(seen),
      phase = phase,
    }
  end
  value.kept_versions = #history.pointers()
  value.free_bytes = state:free_space()
  value.capacity_bytes = state:capacity()
  return answer(200, value)
end

local function names()
  local list = setmetatable({}, cjson.array_mt)
  for name in pairs((store.names())) do
    list[#list + 1] = name
  end
  table.sort(list)
  return answer(200, list)
end

-- The list that ingress-nginx answered here (docs/spec/behaviour.md, section 11).
local function old_backends()
  local list = setmetatable({}, cjson.array_mt)
  for name in pairs((store.names())) do
    if sub(name, 1, 8) == "backend/" then
      local value = cjson.decode(store.read(name) or "null")
      if value and value ~= cjson.null then
        local endpoints = setmetatable({}, cjson.array_mt)
        for i, peer in ipairs(value.endpoints) do
          endpoints[i] = { address = peer.address, port = tostring(peer.port) }
        end
        local port = match(name, "([^/]*)$")
        list[#list + 1] = { name = value.name, port = port, endpoints = endpoints }
      end
    end
  end
  table.sort(list, function(a, b)
    return a.name < b.name
  end)
  return answer(200, list)
end

local function show(name)
  local text = feed.show(name)
  if not text then
    return fail(404, "there is no " .. name)
  end
  ngx.header["Content-Type"] = "application/json"
  ngx.say(text)
  return ngx.exit(ngx.OK)
end

local HANDLERS = {
  ["POST /v1/apply"] = apply,
  ["POST /v1/drain"] = drain,
  ["POST /v1/explain"] = explain,
  ["GET /v1/generation"] = generation,
  ["GET /v1/names"] = names,
  ["GET /configuration/backends"] = old_backends,
  ["GET /v1/series"] = report.series,
  ["POST /v1/series/forget"] = report.forget,
  ["GET /v1/memory"] = function()
    return answer(200, report.memory())
  end,
  ["GET /v1/status"] = report.status,
  ["GET /v1/connections"] = function()
    return answer(200, tonumber(ngx.var.connections_active) or cjson.null)
  end,
  ["GET /v1/traffic"] = function()
    return answer(200, traffic.all())
  end,
  ["GET /v1/ejections"] = function()
    local found = ejection.report()
    for name, number in pairs(retry_budget.report()) do
      found[name] = number
    end
    return answer(200, found)
  end,
}

--- Answers one request on the control socket.
function _M.serve()
  if not same(ngx.var.http_sluice_secret or "", secret) then
    return fail(403, "the header Sluice-Secret is missing or wrong")
  end
  local uri = ngx.var.uri
  local handler = HANDLERS[ngx.req.get_method() .. " " .. uri]
  if handler then
    return handler()
  end
  local name = ngx.req.get_method() == "GET" and match(uri, "^/v1/state/(.+)$")
  if name then
    return show(name)
  end
  return fail(404, "there is no " .. ngx.req.get_method() .. " " .. uri)
end

return _M
