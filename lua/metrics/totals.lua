-- The totals of all workers, in shared memory: for each series its numbers (metrics/layout.lua) as
-- bytes under "=<labels>", beside "series" (how many there are), "overflow" (how often one found no
-- room) and "lock". What is there outlives reloads and workers.
--
-- Reports are numbered, and say what has changed since an earlier one. Behind its numbers a series
-- has that of the report for which it was marked last: the first change after a report marks it for
-- the next one. "marks/<report>" counts lists of marked keys, "marks/<report>/<n>" is one of them.

local ffi = require("ffi")
local new_table = require("table.new")

local byte = string.byte
local concat = table.concat
local gmatch = string.gmatch
local shared = ngx.shared.sluice_metrics

local SERIES = byte("=")
-- Under one lock, without a pause.
local SLICE = 50
-- A worker that was killed gives the lock back after this many seconds.
local LOCK_SECONDS = 2
local LOCK_TRIES, PAUSE = 100, 0.001

local _M = {}

local max, length, bytes, buffer
-- The keys that a slice marks.
local marked, marked_size = {}, 0

--- At most `most` series; each has `size` numbers.
function _M.start(most, size)
  max, length, bytes = most, size, (size + 1) * 8
  buffer = ffi.new("double[?]", size + 1)
  -- Made now, so that setting them later needs no room.
  shared:safe_add("report", 0)
  shared:safe_add("marks from", 0)
  shared:safe_add("marks lost", -1)
  shared:safe_add("adding", false)
  shared:safe_add("born", ngx.now() .. "-" .. ngx.worker.pid())
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
  marked_size = marked_size + 1
  marked[marked_size] = key
  return true
end

-- The value of a series; nil when there is none. One of another length is of other modules, before
-- a reload, and begins anew.
local function get(key)
  local value = shared:get(key)
  if value and #value ~= bytes then
    shared:delete(key)
    shared:incr("series", -1, 0)
    shared:incr("change", 1, 0)
    return nil
  end
  return value
end

-- Adds to what is known under the key; false when that is a new one, and there is no room.
local function add(key, numbers, limit, report)
  local before = get(key)
  if not before then
    ffi.copy(buffer, numbers, bytes - 8)
    buffer[length] = report
    return create(key, limit)
  end
  ffi.copy(buffer, before, bytes)
  for i = 0, length - 1 do
    buffer[i] = buffer[i] + numbers[i]
  end
  local is_marked = buffer[length] == report
  buffer[length] = report
  local ok, err = shared:safe_set(key, ffi.string(buffer, bytes))
  if not ok then
    ngx.log(ngx.WARN, "storing metrics: ", err)
  elseif not is_marked then
    marked_size = marked_size + 1
    marked[marked_size] = key
  end
  return true
end

local function add_record(record, report)
  if not add(record.key, record.numbers, max, report) then
    shared:incr("overflow", 1, 0)
    add(record.rest, record.numbers, math.huge, report)
  end
  ffi.fill(record.numbers, bytes - 8)
end

-- Without room for them, the next report must be of everything.
local function store_marks(report)
  if marked_size == 0 then
    return
  end
  local name = "marks/" .. report
  shared:safe_add(name, 0)
  local number = shared:incr(name, 1)
  local text = concat(marked, "\n", 1, marked_size)
  if not number or not shared:safe_set(name .. "/" .. number, text) then
    shared:set("marks lost", report)
  end
  marked_size = 0
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
    local report = shared:get("report") or 0
    if shared:get("adding") then -- a worker was killed before it had stored its marks
      shared:set("marks lost", report)
    end
    shared:set("adding", true)
    local stop = math.min(done + SLICE, count)
    for i = done + 1, stop do
      add_record(records[i], report)
    end
    store_marks(report)
    shared:set("adding", false)
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

--- The keys of all series, as read() takes them. The list is not to be changed.
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
      keys[count] = all[i]
    end
  end
  listed, listed_at = keys, change
  return keys
end

--- The numbers of a series as bytes, one more than metrics/layout.lua has; nil when it is gone.
function _M.read(key)
  local value = shared:get(key)
  return value and #value == bytes and value or nil
end

--- Which memory the numbers of reports are of.
function _M.born()
  return shared:get("born") or ""
end

--- Begins the next report: what changes from now on is marked for it. Returns the number of the one
-- before, and whether it is over: it goes on when others held the lock all the time.
function _M.next_report()
  local is_locked = lock(true)
  local report = shared:get("report") or 0
  if is_locked then
    shared:set("report", report + 1)
    shared:delete("lock")
  end
  return report, is_locked
end

--- The names of lists of what changed in the reports `first` to `last`, for marked(); nil where
-- that is not known.
function _M.changed(first, last)
  local from, lost = shared:get("marks from") or 0, shared:get("marks lost") or -1
  if first < from or first <= lost or first > last then
    return nil
  end
  local names = {}
  for report = first, last do
    for number = 1, shared:get("marks/" .. report) or 0 do
      names[#names + 1] = "marks/" .. report .. "/" .. number
    end
  end
  return names
end

--- Adds the keys of such a list behind the others; false when it is gone.
function _M.marked(name, keys)
  local text = shared:get(name)
  for key in gmatch(text or "", "[^\n]+") do
    keys[#keys + 1] = key
  end
  return text ~= nil
end

--- Nobody asks for reports before `first` any more.
function _M.forget_marks(first)
  for report = shared:get("marks from") or 0, first - 1 do
    local name = "marks/" .. report
    for number = 1, shared:get(name) or 0 do
      shared:delete(name .. "/" .. number)
    end
    shared:delete(name)
  end
  if first > (shared:get("marks from") or 0) then
    shared:set("marks from", first)
  end
end

--- Forgets series; keys as read() takes them.
function _M.forget(keys)
  for _, key in ipairs(keys) do
    if shared:get(key) then
      shared:delete(key)
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
