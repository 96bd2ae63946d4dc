-- What the controller asks of the metrics. Shared memory is read in slices, so that the worker that
-- answers goes on serving.

local series = require("metrics.series")
local totals = require("metrics.totals")

local ffi = require("ffi")
local concat = table.concat
local gmatch = string.gmatch

local SLICE = 50
-- Between slices, in seconds.
local PAUSE = 0.001
local doubles = ffi.typeof("const double *")

local _M = {}

--- All series, each as a line "<bytes of the key> <bytes of the numbers>", the key (labels with
-- "\31" between them) and the numbers (metrics/layout.lua) as little-endian doubles. The header
-- Sluice-Overflow says how often a series found no room.
function _M.series()
  ngx.header["Content-Type"] = "application/octet-stream"
  if not series.is_on() then
    return ngx.exit(204)
  end
  series.flush(true)
  ngx.header["Sluice-Overflow"] = totals.overflow()
  local keys = totals.keys()
  local parts, count = {}, 0
  for i = 1, #keys do
    local key = keys[i]
    local numbers = totals.read(key)
    if numbers then
      parts[count + 1] = #key .. " " .. #numbers .. "\n"
      parts[count + 2] = key
      parts[count + 3] = numbers
      count = count + 3
    end
    if i % SLICE == 0 or i == #keys then
      local ok, err = ngx.print(concat(parts, "", 1, count))
      ok, err = ok and ngx.flush(true), err
      if not ok then
        ngx.log(ngx.INFO, "the reader of the metrics went away: ", err)
        return
      end
      count = 0
      if i < #keys then
        ngx.sleep(PAUSE)
      end
    end
  end
end

--- Forgets the series with these keys, one a line.
function _M.forget()
  ngx.req.read_body()
  local keys = {}
  for key in gmatch(ngx.req.get_body_data() or "", "[^\n]+") do
    keys[#keys + 1] = key
  end
  if series.is_on() then
    totals.forget(keys)
  end
  return ngx.exit(204)
end

--- Requests by "namespace|ingress|service|status", with "|canary" behind where another backend took
-- them; empty while nothing is measured.
function _M.counters()
  local found = {}
  if not series.is_on() then
    return found
  end
  series.flush(true)
  for _, key in ipairs(totals.keys()) do
    local labels = {}
    for label in gmatch(key .. "\31", "(.-)\31") do
      labels[#labels + 1] = label
    end
    local namespace, ingress, service, canary = labels[1], labels[2], labels[3], labels[4]
    local name = concat({ namespace, ingress, service, labels[8] }, "|")
    name = canary == "" and name or name .. "|" .. canary
    local numbers = totals.read(key)
    if numbers then
      found[name] = (found[name] or 0) + ffi.cast(doubles, numbers)[0]
    end
  end
  return found
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
