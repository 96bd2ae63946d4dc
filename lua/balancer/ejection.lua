-- Passive ejection: a peer whose tries fail again and again, with no answer in between, is left out
-- for a while that grows from time to time, in all workers. Never more than half of a backend, and
-- a peer that is left out is still better than none (the algorithms see it as one that was tried).
--
-- The dictionary holds, for peers in trouble only, by "<backend> <peer>" (what fails for one may
-- serve another, with another protocol or path):
--   s/<key>  tries that failed in a row      n/<key>  how often it was left out lately
--   o/<key>  until when it is left out       and "change", which moves when one of these does
-- Requests of peers without trouble cost nothing: workers look at "change" in a timer.

local floor = math.floor
local match = string.match
local min = math.min
local now = ngx.now
local sub = string.sub

local peers = ngx.shared.sluice_peers

local STRIKES = 3
-- Strikes further apart, in seconds, do not count together.
local WINDOW = 30
-- The first time out, in seconds; each further one within MEMORY is twice as long, up to LONGEST.
local FIRST, LONGEST, MEMORY = 2, 60, 600
local TICK = 0.1
-- Strikes that expired are noticed after this many seconds.
local LOOK_AGAIN = 5

local _M = {}

-- What this worker knows: name of a backend -> text of a peer -> until when it is left out, or true
-- for one with strikes.
local out, suspects = {}, {}
local seen, look_again = 0, nil
-- Every compiled backend.
local backends = setmetatable({}, { __mode = "k" })

local function check(ok, err)
  if not ok then
    ngx.log(ngx.WARN, "storing the trouble of a peer: ", err)
  end
end

local function key_of(backend, text)
  return backend.name .. " " .. text
end

local function knows(list, backend, text)
  local texts = list[backend.name]
  return texts and texts[text]
end

local function note(list, name, text, value)
  local texts = list[name] or {}
  list[name] = texts
  texts[text] = value
end

-- Adds those of some peers that are in a list to a set, text -> true, `limit` at most; nil for
-- none.
local function add(found, list, limit)
  local count = 0
  for _, peer in ipairs(list.peers) do
    if list.texts[peer.text] and count < limit then
      found, count = found or {}, count + 1
      found[peer.text] = true
    end
  end
  return found
end

local function among(backend, list, limit)
  local texts = list[backend.name]
  if not texts then
    return nil
  end
  local found = add(nil, { peers = backend.peers, texts = texts }, limit or #backend.peers)
  local elsewhere = backend.elsewhere
  if elsewhere then
    local half = limit and floor(#elsewhere / 2) or #elsewhere
    found = add(found, { peers = elsewhere, texts = texts }, half)
  end
  return found
end

local function update(backend)
  -- Never more than half; all of the own zone, where there is another one.
  local most = backend.elsewhere and #backend.peers or floor(#backend.peers / 2)
  backend.avoid = among(backend, out, most)
  backend.suspects = among(backend, suspects, nil)
end

--- Keeps the backend's `avoid` (peers to leave out) and `suspects` (whose answers count) up to
-- date; nil for none.
function _M.mark(backend)
  backends[backend] = true
  update(backend)
end

-- Reads the dictionary anew.
local function refresh()
  local time = now()
  out, suspects, look_again = {}, {}, nil
  for _, key in ipairs(peers:get_keys(0)) do
    local kind, name, text = match(key, "^(%l/)(.-) (.+)$")
    local value = kind and peers:get(key)
    if kind == "o/" and value and value > time then
      note(out, name, text, value)
      look_again = min(look_again or value, value)
    elseif kind == "s/" and value then
      note(suspects, name, text, true)
      look_again = min(look_again or time + LOOK_AGAIN, time + LOOK_AGAIN)
    end
  end
  for backend in pairs(backends) do
    update(backend)
  end
end

-- Other workers look at their next tick.
local function announce()
  check(peers:incr("change", 1, 0))
end

local function eject(key)
  if not peers:add("o/" .. key, 0, FIRST) then
    return -- another worker did
  end
  local times, err = peers:incr("n/" .. key, 1, 0, MEMORY)
  check(times, err)
  local seconds = min(FIRST * 2 ^ ((times or 1) - 1), LONGEST)
  check(peers:set("o/" .. key, now() + seconds, seconds))
  -- On trial when it comes back: one more failure is enough, one answer clears it.
  check(peers:set("s/" .. key, STRIKES - 1, seconds + WINDOW))
  check(peers:incr("total", 1, 0))
  ngx.log(ngx.NOTICE, "endpoint ", key, " fails and is left out for ", seconds, " s")
end

--- A try failed without an answer.
function _M.fail(backend, text)
  if knows(out, backend, text) then
    return -- it was needed all the same, or was under way: the verdict stands
  end
  local key = key_of(backend, text)
  local strikes, err = peers:incr("s/" .. key, 1, 0, WINDOW)
  check(strikes, err)
  if not strikes then
    return
  end
  if strikes >= STRIKES then
    eject(key)
    announce()
    refresh()
  elseif not knows(suspects, backend, text) then
    note(suspects, backend.name, text, true)
    update(backend)
    announce()
  end
end

--- A suspect answered. The others need no word of it: they look again soon.
function _M.clear(backend, text)
  if knows(out, backend, text) then
    return
  end
  peers:delete("s/" .. key_of(backend, text))
  note(suspects, backend.name, text, nil)
  update(backend)
end

--- What is left out at this moment, "<backend> <peer>" -> seconds that are left, and how often that
-- happened in all.
function _M.report()
  local endpoints = {}
  for _, key in ipairs(peers:get_keys(0)) do
    local ends = sub(key, 1, 2) == "o/" and peers:get(key)
    if ends and ends > now() then
      endpoints[sub(key, 3)] = ends - now()
    end
  end
  return { endpoints = endpoints, total = peers:get("total") or 0 }
end

local function tick(premature)
  if premature then
    return
  end
  local change = peers:get("change") or 0
  if change ~= seen or look_again and look_again <= now() then
    seen = change
    refresh()
  end
end

--- Called once in each worker.
function _M.start()
  assert(ngx.timer.every(TICK, tick))
end

return _M
