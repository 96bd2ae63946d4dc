-- What requests are measured by: a series for each set of labels, found by the route, the method
-- and the status, without building a text. Counted in the worker, and added to shared memory each
-- second, when the controller asks, and when the worker ends.

local cjson = require("cjson.safe")
local ffi = require("ffi")
local layout = require("metrics.layout")
local totals = require("metrics.totals")

local byte = string.byte
local concat = table.concat
local floor = math.floor
local get_method = ngx.req.get_method
local gmatch = string.gmatch
local gsub = string.gsub
local max = math.max
local now = ngx.now
local observe = layout.observe
local start_time = ngx.req.start_time
local sub = string.sub

local STAR = byte("*")
-- Between the labels of a key; labels have no control characters.
local SEPARATOR = "\31"
-- Clients choose the method; what else they send is "other".
local METHODS = {}
local KNOWN = "GET HEAD POST PUT PATCH DELETE OPTIONS CONNECT TRACE "
  .. "MKCOL COPY MOVE PROPFIND PROPPATCH LOCK UNLOCK"
for name in gmatch(KNOWN, "%u+") do
  METHODS[name] = name
end
-- Real names behind wildcards are the clients' choice, too: what is known of them is dropped when
-- there are so many.
local MAX_OPEN = 10000

local _M = {}

-- What the command line wants; nil while nothing is measured.
local options
local numbers_of, numbers_length
local duration, response, header, connect, request_size, response_size, bytes_sent

-- Records with something to add, and how many there are.
local touched, touched_size = {}, 0
-- By the real name of the host, for hosts that stand for many: host -> route key -> by method.
local open, open_size = {}, 0

-- Requests that ended before a route was found. The host "_" is every host that nobody defines.
local NOBODY = { key = "", namespace = "", ingress = "", service = "", path = "", host = "_" }

local function clean(text)
  return (gsub(text, "%c", "?"))
end

-- In the order of LABELS in controller/telemetry/families.ts; labels that are not wanted are empty.
local function key_of(route, canary, host, method, status)
  local labels = options.labels
  return "="
    .. concat({
      labels.namespace and route.namespace or "",
      labels.ingress and route.ingress or "",
      labels.service and route.service or "",
      labels.canary and canary or "",
      labels.host and clean(host) or "",
      labels.path and clean(route.path) or "",
      labels.method and method or "",
      labels.status and status or "",
    }, SEPARATOR)
end

local OTHER = { namespace = "other", ingress = "other", service = "other", path = "other" }

local function record_of(route, canary, host, method, status)
  local class = floor(status / 100) .. "xx"
  return {
    key = key_of(route, canary, host, method, options.classes and class or tostring(status)),
    rest = key_of(OTHER, "", "other", "other", class),
    numbers = numbers_of(),
  }
end

local function is_open(host)
  return host == "_" or byte(host) == STAR
end

-- The real name of the host where that is wanted and the route stands for many, else the route's.
local function host_of(var, route)
  if options.undefined_hosts and is_open(route.host) then
    return sub(var.host or "", 1, 253)
  end
  return route.host
end

-- The table method -> status -> record of a route for one host and canary.
local function table_for(var, route, canary)
  local by_canary = route.series
  if not by_canary then
    by_canary = {}
    route.series = by_canary
  end
  local host = host_of(var, route)
  if host == route.host then
    by_canary[canary] = by_canary[canary] or {}
    return by_canary[canary], host
  end
  if open_size >= MAX_OPEN then
    open, open_size = {}, 0
  end
  local name = concat({ host, route.key, canary }, SEPARATOR)
  if not open[name] then
    open[name], open_size = {}, open_size + 1
  end
  return open[name], host
end

-- The slow way, once for each set of labels.
local function find(var, route, canary, method, status)
  local by_method, host = table_for(var, route, canary)
  local known = METHODS[method] or "other"
  by_method[known] = by_method[known] or {}
  local record = by_method[known][status]
  if not record then
    record = record_of(route, canary, host, known, status)
    by_method[known][status] = record
  end
  if not (options.undefined_hosts and is_open(route.host)) then
    route.series_plain = route.series[""]
  end
  return record
end

-- After retries nginx gives a list, "0.001, 0.002 : 0.010" with "-" where there was none: the sum
-- is what the client waited for. nil where nothing is known.
local function sum_of(text)
  local sum
  for part in gmatch(text, "%d+%.%d+") do
    sum = (sum or 0) + tonumber(part)
  end
  return sum
end

local function observe_seconds(numbers, histogram, text)
  local seconds = tonumber(text) or text and sum_of(text)
  if seconds then
    observe(numbers, histogram, floor(seconds * 1000 + 0.5))
  end
end

--- Measures a request that ended; `route` may be nil, `canary` is the name of the backend that took
-- it from the main one, or "".
function _M.measure(var, route, status, canary)
  route = route or NOBODY
  local method = get_method()
  local by_method = canary == "" and route.series_plain
  local by_status = by_method and by_method[method]
  local record = by_status and by_status[status] or find(var, route, canary, method, status)
  local numbers = record.numbers
  if numbers[0] == 0 then
    touched_size = touched_size + 1
    touched[touched_size] = record
  end
  numbers[0] = numbers[0] + 1

  if duration then
    observe(numbers, duration, max(0, floor((now() - start_time()) * 1000 + 0.5)))
  end
  if response then
    local text = var.upstream_response_time
    if text then
      observe_seconds(numbers, response, text)
    end
  end
  if header then
    local text = var.upstream_header_time
    if text then
      observe_seconds(numbers, header, text)
    end
  end
  if connect then
    local text = var.upstream_connect_time
    if text then
      observe_seconds(numbers, connect, text)
    end
  end
  if request_size then
    observe(numbers, request_size, tonumber(var.request_length) or 0)
  end
  if response_size or bytes_sent then
    local sent = tonumber(var.bytes_sent) or 0
    if response_size then
      observe(numbers, response_size, sent)
    end
    if bytes_sent then
      observe(numbers, bytes_sent, sent)
    end
  end
end

--- Adds what this worker measured to shared memory; `waits` where the phase allows to.
function _M.flush(waits)
  if not options then
    return
  end
  local records, count = touched, touched_size
  touched, touched_size = {}, 0
  local done = totals.add(records, count, waits)
  for i = done + 1, count do -- they are still full
    touched_size = touched_size + 1
    touched[touched_size] = records[i]
  end
end

--- Whether anything is measured.
function _M.is_on()
  return options ~= nil
end

--- How many numbers a series has (metrics/layout.lua).
function _M.length()
  return numbers_length
end

--- Called in each worker where anything is to be measured; `text` is what
-- controller/telemetry/families.ts says, as JSON.
function _M.start(text)
  options = assert(cjson.decode(text))
  local by_name, length = layout.new(options.buckets, options.histograms)
  duration = by_name.request_duration_seconds
  response = by_name.response_duration_seconds
  header = by_name.header_duration_seconds
  connect = by_name.connect_duration_seconds
  request_size = by_name.request_size
  response_size = by_name.response_size
  bytes_sent = by_name.bytes_sent
  numbers_of, numbers_length = ffi.typeof("double[" .. length .. "]"), length
  totals.start(options.max_series, length)
  assert(ngx.timer.every(1, function(premature)
    _M.flush(not premature)
  end))
end

return _M
