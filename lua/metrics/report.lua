-- What the controller asks of the metrics. Shared memory is read in slices, so that the worker that
-- answers goes on serving, and written to one piece of memory, so that little is left to collect.

local series = require("metrics.series")
local totals = require("metrics.totals")

local ffi = require("ffi")
local cast = ffi.cast
local copy = ffi.copy
local gmatch = string.gmatch
local match = string.match

local SLICE = 50
-- Between slices, in seconds.
local PAUSE = 0.001
-- Before the numbers of a series: how many there are, and the bytes of its key.
local HEAD = 8
-- A number and its place.
local PAIR = 16

local doubles = ffi.typeof("const double *")
local pairs_of = ffi.typeof("double *")
local words_of = ffi.typeof("uint32_t *")
local bytes_of = ffi.typeof("const char *")
local new_bytes = ffi.typeof("uint8_t[?]")

local _M = {}

-- What was written of the slice under way.
local written, room, at = new_bytes(65536), 65536, 0

local function need(size)
  if at + size <= room then
    return
  end
  local before = written
  room = (at + size) * 2
  written = new_bytes(room)
  copy(written, before, at)
end

-- Writes a series: head, pairs of a number's place and the number where it is not 0, key, and zeros
-- up to a multiple of 8 bytes.
local function write(key, numbers, length)
  local key_bytes = #key - 1
  need(HEAD + length * PAIR + key_bytes + 8)
  local values = cast(doubles, numbers)
  local target = cast(pairs_of, written + at + HEAD)
  local count = 0
  for place = 0, length - 1 do
    local value = values[place]
    if value ~= 0 then
      target[count * 2] = place
      target[count * 2 + 1] = value
      count = count + 1
    end
  end
  local head = cast(words_of, written + at)
  head[0] = count
  head[1] = key_bytes
  at = at + HEAD + count * PAIR
  copy(written + at, cast(bytes_of, key) + 1, key_bytes)
  at = at + key_bytes
  while at % 8 ~= 0 do
    written[at] = 0
    at = at + 1
  end
end

-- Sends the series keys[first] to keys[last]; false when the reader went away.
local function send(keys, first, last)
  local length = series.length()
  at = 0
  for i = first, last do
    local numbers = totals.read(keys[i])
    if numbers then
      write(keys[i], numbers, length)
    end
  end
  local ok, err = ngx.print(ffi.string(written, at))
  ok, err = ok and ngx.flush(true), err
  if not ok then
    ngx.log(ngx.INFO, "the reader of the metrics went away: ", err)
    return false
  end
  ngx.sleep(PAUSE)
  return true
end

local function send_all(keys)
  for first = 1, #keys, SLICE do
    if not send(keys, first, math.min(first + SLICE - 1, #keys)) then
      return
    end
  end
end

-- A key that stands in several lists is sent several times, which is rare and does no harm.
local function send_lists(names)
  local keys = {}
  for i = 1, #names do
    if not totals.marked(names[i], keys) then
      return ngx.exit(ngx.ERROR) -- who asks sees that the answer has no end, and asks again
    end
    if #keys >= SLICE or i == #names then
      if not send(keys, 1, #keys) then
        return
      end
      keys = {}
    end
  end
end

--- What was measured: all series, or those that changed since an earlier answer, whose header
-- Sluice-Position the request's header Sluice-Since repeats. Each is written as write() says, in
-- native byte order; Sluice-Whole is 1 where all are there, Sluice-Length how many numbers one has
-- (metrics/layout.lua), Sluice-Overflow how often a series found no room. 204 while nothing is
-- measured.
function _M.series()
  if not series.is_on() then
    return ngx.exit(204)
  end
  series.flush(true)
  local born = totals.born()
  local report, is_over = totals.next_report()
  local memory, since = match(ngx.var.http_sluice_since or "", "^(%S+):(%d+)$")
  since = memory == born and tonumber(since)
  local lists = since and totals.changed(since, report)
  local header = ngx.header
  header["Content-Type"] = "application/octet-stream"
  header["Sluice-Position"] = born .. ":" .. (is_over and report + 1 or report)
  header["Sluice-Whole"] = lists and "0" or "1"
  header["Sluice-Length"] = series.length()
  header["Sluice-Overflow"] = totals.overflow()
  -- Who asks has what it says that it has; who lost an answer asks for it, or for everything.
  totals.forget_marks(lists and since or report)
  if lists then
    return send_lists(lists)
  end
  return send_all(totals.keys())
end

--- Forgets the series with these keys, one a line.
function _M.forget()
  ngx.req.read_body()
  local keys = {}
  for key in gmatch(ngx.req.get_body_data() or "", "[^\n]+") do
    keys[#keys + 1] = "=" .. key
  end
  if series.is_on() then
    totals.forget(keys)
  end
  return ngx.exit(204)
end

--- The dictionaries by name: bytes of whole pages that are free, and of all.
function _M.memory()
  local found = {}
  for name, dictionary in pairs(ngx.shared) do
    found[name] = { free_bytes = dictionary:free_space(), capacity_bytes = dictionary:capacity() }
  end
  return found
end

--- nginx's status page as it is.
function _M.status()
  local answer = ngx.location.capture("/status")
  ngx.header["Content-Type"] = "text/plain"
  ngx.status = answer.status
  ngx.print(answer.body)
  return ngx.exit(ngx.OK)
end

return _M
