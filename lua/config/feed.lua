-- A worker's view of the routing state: decoded lazily, invalidated by name when the generation
-- moves. sync() runs at the start of every request, so no request that begins after an apply was
-- answered is routed by the state before it.

local cjson = require("cjson.safe")
local history = require("config.history")
local host_compiler = require("router.host")
local backend_compiler = require("balancer.backend")
local cidr = require("lib.cidr")
local global_policy = require("policy.global")
local key_pair = require("tls.key_pair")
local lock = require("config.lock")
local process = require("lib.process")
local profiles = require("router.profiles")
local store = require("config.store")

local state = require("config.dictionary").state
local workers = ngx.shared.sluice_workers
local gmatch = string.gmatch
local match = string.match
local sub = string.sub

-- How long a removed backend still serves the requests that were routed to it before, in seconds.
local RETIRED_FOR = 600

local _M = {}

-- The change that sync() has acted on, nil for none, and what it found.
local noticed
local draining = false
local seen = -1
local digest = ""
-- The generation at which this worker was told to quit, nil before.
local quit
local hosts, backends, certificates, pairs_by_fingerprint = {}, {}, {}, {}
-- Client certificates towards backends, as nginx takes them from variables, by fingerprint.
local client_pairs = {}
local user_lists = {}
local retired, retired_users = {}, {}
local settings
-- The aliases that are no exact names, in order; false when there are none.
local aliases

local function decode_text(name, text)
  if not text then
    return nil
  end
  local value, err = cjson.decode(text)
  if not value then
    ngx.log(ngx.ERR, "decoding ", name, ": ", err)
  end
  return value
end

local function decode(name)
  return decode_text(name, store.read(name))
end

-- The version of a host that this worker can serve: the current one, or else, when the worker was
-- told to quit, the one of that moment. Routes whose profile it lacks all the same are denied.
local function decode_host(name)
  local value = decode(name)
  if not value or profiles.suffice(value) then
    return value
  end
  value = quit and decode_text(name, history.read(name, quit)) or value
  profiles.deny_lacking(value)
  return value
end

local function forget_all()
  for id, backend in pairs(backends) do
    retired[id] = { backend = backend, since = ngx.now() }
  end
  for _, host in pairs(hosts) do
    host_compiler.retire(host)
  end
  for id, users in pairs(user_lists) do
    retired_users[id] = { users = users, since = ngx.now() }
  end
  hosts, backends, certificates, pairs_by_fingerprint = {}, {}, {}, {}
  client_pairs = {}
  user_lists = {}
  settings, aliases = nil, nil
end

local function forget(name)
  local kind, id = name:match("^(%l+)/(.*)$")
  if kind == "host" then
    if hosts[id] then
      host_compiler.retire(hosts[id])
      hosts[id] = nil
    end
  elseif kind == "backend" then
    if backends[id] then
      retired[id] = { backend = backends[id], since = ngx.now() }
      backends[id] = nil
    end
  elseif kind == "certificate" then
    certificates[id] = nil
  elseif kind == "pem" then
    pairs_by_fingerprint[id] = nil
    client_pairs[id] = nil
  elseif kind == "users" then
    if user_lists[id] then
      retired_users[id] = { users = user_lists[id], since = ngx.now() }
      user_lists[id] = nil
    end
  elseif name == "settings" then
    settings = nil
  elseif name == "aliases" then
    aliases = nil
  end
end

local function report()
  local phase = quit and "exiting " .. quit or "serving"
  local line = ngx.worker.id() .. " " .. digest .. " " .. seen .. " " .. phase
  local ok, err = workers:set(ngx.worker.pid(), line)
  if not ok then
    ngx.log(ngx.ERR, "reporting the state of this worker: ", err)
  end
end

local function catch_up(generation)
  if seen < 0 or generation < seen then
    forget_all()
  else
    for number = seen + 1, generation do
      local names = state:get("log/" .. number)
      if not names or names == "*" then
        forget_all()
      else
        for name in gmatch(names, "[^\n]+") do
          forget(name)
        end
      end
    end
  end
  seen = generation
  report()
end

--- Takes over changes since the last call. Costs one dictionary read when there are none: "change"
-- moves after all that it announces is in place.
function _M.sync()
  local change = state:get("change") or 0
  if change ~= noticed then
    draining = state:get("drain") == true
    local generation = state:get("generation") or 0
    if generation ~= seen then
      catch_up(generation)
    end
    noticed = change
  end
end

--- Takes over changes, and says whether there were any.
function _M.has_moved()
  local before = seen
  _M.sync()
  return seen ~= before
end

--- True while HTTP/1 clients are to be asked to reconnect, as of the last sync().
function _M.is_draining()
  return draining
end

--- Tells all workers that the generation or the drain flag has moved.
function _M.announce()
  local _, err = state:incr("change", 1, 0)
  if err then
    ngx.log(ngx.ERR, "announcing a change to the workers: ", err)
  end
end

--- The compiled host, or nil when there is none of that exact name. None before the first apply is
-- complete: a catch-all that came first would answer for hosts that are still to come.
function _M.host(name)
  if seen == 0 then
    return nil
  end
  local host = hosts[name]
  if host == nil then
    local value = decode_host("host/" .. name)
    if not value then
      return nil
    end
    host = host_compiler.compile(value)
    hosts[name] = host
  end
  return host
end

--- The aliases to be tried for names that are no host, nil for none.
function _M.aliases()
  if aliases == nil then
    aliases = decode("aliases") or false
  end
  return aliases or nil
end

--- The compiled backend, or nil when there is none.
function _M.backend(id)
  local backend = backends[id]
  if backend == nil then
    local name = "backend/" .. id
    local value = decode(name)
    if not value and quit then
      value = decode_text(name, history.read(name, quit)) -- the version of its host is kept, too
    end
    if not value then
      return nil
    end
    local before = retired[id]
    backend = backend_compiler.compile(value, before and before.backend)
    retired[id] = nil
    backends[id] = backend
  end
  return backend
end

--- The backend for a request that was already routed to it: also one that was removed meanwhile.
function _M.backend_of_routed(id)
  local backend = _M.backend(id)
  if backend then
    return backend
  end
  return retired[id] and retired[id].backend
end

--- The parsed certificate of a host name, or nil.
function _M.certificate(name)
  local fingerprint = certificates[name]
  if fingerprint == nil then
    local value = decode("certificate/" .. name)
    if not value then
      return nil
    end
    fingerprint = value.fingerprint
    certificates[name] = fingerprint
  end
  local pair = pairs_by_fingerprint[fingerprint]
  if pair == nil then
    local value = decode("pem/" .. fingerprint)
    pair = value and key_pair.parse(value, name) or false
    pairs_by_fingerprint[fingerprint] = pair
  end
  return pair or nil
end

--- A certificate and its key for proxy_ssl_certificate and proxy_ssl_certificate_key, or nil.
function _M.pair(fingerprint)
  local pair = client_pairs[fingerprint]
  if pair == nil then
    local value = decode("pem/" .. fingerprint)
    pair = value and { certificate = "data:" .. value.chain, key = "data:" .. value.key }
    client_pairs[fingerprint] = pair
  end
  return pair
end

--- A user list for basic authentication: name -> hash; nil when there is none. One that was removed
-- still serves the requests that were routed before.
function _M.users(id)
  local users = user_lists[id]
  if users == nil then
    local value = decode("users/" .. id)
    if not value then
      return retired_users[id] and retired_users[id].users
    end
    users = {}
    for _, user in ipairs(value.users) do
      users[user[1]] = user[2]
    end
    user_lists[id] = users
  end
  return users
end

--- Settings that are data (docs: controller/apply/state.ts); an empty table before the first apply.
function _M.settings()
  if settings == nil then
    settings = decode("settings") or {}
    settings.checks = global_policy.compile(settings)
    settings.may_see_status = cidr.compile(settings.status_from or {})
  end
  return settings
end

local function drop_retired()
  local now = ngx.now()
  for _, list in ipairs({ retired, retired_users }) do
    for id, entry in pairs(list) do
      if now - entry.since > RETIRED_FOR then
        list[id] = nil
      end
    end
  end
end

-- Frees what was kept for workers that have ended meanwhile.
local function prune_history(premature)
  if not premature and history.is_kept() and lock.try() then
    history.prune(_M.quits())
    lock.release()
  end
end

--- Called once in each worker: `config` is the digest of the configuration that it runs.
function _M.start(config)
  digest = config
  _M.sync()
  report()

  assert(ngx.timer.every(0.1, function(premature)
    if not premature then
      _M.sync()
    end
  end))
  assert(ngx.timer.every(60, drop_retired))
  if ngx.worker.id() == 0 then
    assert(ngx.timer.every(1, prune_history))
  end
  -- nginx runs pending timers early, as "premature", exactly when a worker is told to quit.
  assert(ngx.timer.at(365 * 86400, function()
    quit = state:get("generation") or 0
    report()
  end))
end

--- Called when the worker ends.
function _M.stop()
  workers:delete(ngx.worker.pid())
end

--- The reports of all workers: pid -> "id digest generation serving", or "exiting" and the
-- generation at which it was told to quit. Those of workers that were killed are dropped.
function _M.reports()
  local reports = {}
  for _, pid in ipairs(workers:get_keys(0)) do
    if process.is_alive(tonumber(pid)) then
      reports[pid] = workers:get(pid)
    else
      workers:delete(pid)
    end
  end
  return reports
end

--- The generations at which workers that still end were told to quit.
function _M.quits()
  local generations = {}
  for _, line in pairs(_M.reports()) do
    generations[#generations + 1] = tonumber(match(line, " exiting (%d+)$"))
  end
  return generations
end

--- The text of an object for humans; private keys and password hashes are never given back.
function _M.show(name)
  if sub(name, 1, 4) == "pem/" or sub(name, 1, 6) == "users/" then
    return nil
  end
  return store.read(name)
end

return _M
