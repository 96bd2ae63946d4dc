-- The totals of all workers, in shared memory: for each series its numbers (metrics/layout.lua) as
-- bytes under "=<labels>", beside "series" (how many there are), "overflow" (how often one found no
-- room) and "lock". What is there outlives reloads and workers.

local ffi = require("ffi")
local new_table = require("table.new")

local byte = string.byte
local shared = ngx.shared.sluice_metrics
local sub = string.sub

local SERIES = byte("=")
-- Under one lock, without a pause.
local SLICE = 50
-- A worker that was killed gives the lock back after this many seconds.
local LOCK_SECONDS = 2
local LOCK_TRIES, PAUSE = 100, 0.001

local _M = {}

local max, length, bytes, buffer

--- At most `most` series; each has `size` numbers.
function _M.start(most, size)
  max, length, bytes = most, size, size * 8
  buffer = ffi.new("double[?]", size)
end

-- Others hold it for a fraction of a millisecond; a worker that ends has no timers to wait with.
local function lock(waits)
  for _ = 1, LOCK_TRIES do
    if shared:add("lock", ngx.worker.pid(), LOCK_SECONDS) then
      return true
    end
    if waits then
      ngx.sleep(PAUSE)
    end
  end
  return false
end

-- Adds a series, unless there are `limit` already.
local function create(key, limit)
  if (shared:get("series") or 0) >= limit then
    return false
  end
  -- Never evicts others.
  local ok, err = shared:safe_add(key, ffi.string(buffer, bytes))
  if not ok then
    ngx.log(ngx.WARN, "storing metrics: ", err)
    return false
  end
  shared:incr("series", 1, 0)
  shared:incr("change", 1, 0)
  return true
end

-- Adds to what is known under the key; false when that is a new one, and there is no room.
local function add(key, numbers, limit)
  local before = shared:get(key)
  if not before or #before ~= bytes then
    ffi.copy(buffer, numbers, bytes)
    return create(key, limit)
  end
  ffi.copy(buffer, before, bytes)
  for i = 0, length - 1 do
    buffer[i] = buffer[i] + numbers[i]
  end
  local ok, err = shared:safe_set(key, ffi.string(buffer, bytes))
  if not ok then
    ngx.log(ngx.WARN, "storing metrics: ", err)
  end
  return true
end

local function add_record(record)
  if not add(record.key, record.numbers, max) then
    shared:incr("overflow", 1, 0)
    add(record.rest, record.numbers, math.huge)
  end
  ffi.fill(record.numbers, bytes)
end

--- Adds the numbers of records {key, rest, numbers}, and empties them; `rest` is the key for when
-- there is no room. Pauses in between where it `waits`. Returns how many of the list are done: all
-- of them but for trouble.
function _M.add(records, count, waits)
  local done = 0
  while done < count do
    if not lock(waits) then
      return done
    end
    local stop = math.min(done + SLICE, count)
    for i = done + 1, stop do
      add_record(records[i])
    end
    shared:delete("lock")
    done = stop
    if waits and done < count then
      ngx.sleep(PAUSE)
    end
  end
  return done
end

-- The list of the keys, and the "change" that it holds for: it is as long as there are series, and
-- those rarely come and go.
local listed, listed_at

--- All keys of series, without the "=". The list is not to be changed.
function _M.keys()
  local change = shared:get("change") or 0
  if listed_at == change then
    return listed
  end
  local all = shared:get_keys(0)
  local keys, count = new_table(#all, 0), 0
  for i = 1, #all do
    if byte(all[i]) == SERIES then
      count = count + 1
      keys[count] = sub(all[i], 2)
    end
  end
  listed, listed_at = keys, change
  return keys
end

--- The numbers of a series as bytes, nil when it is gone.
function _M.read(key)
  return shared:get("=" .. key)
end

--- Forgets series.
function _M.forget(keys)
  for _, key in ipairs(keys) do
    if shared:get("=" .. key) then
      shared:delete("=" .. key)
      shared:incr("series", -1, 0)
      shared:incr("change", 1, 0)
    end
  end
  shared:delete("overflow")
end

--- How often a worker found no room for a series since series were forgotten last.
function _M.overflow()
  return shared:get("overflow") or 0
end

return _M
