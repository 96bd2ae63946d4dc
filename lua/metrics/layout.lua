-- What is counted of a series: an array of doubles that holds the number of requests, and then for
-- each histogram its buckets (each alone, the last one is +Inf) and its sum. Which histograms there
-- are, and with which buckets, comes from the controller (controller/telemetry/families.ts).

local ffi = require("ffi")

local floor = math.floor

local _M = {}

-- Up to here a table says which bucket an integer belongs to: one look, whatever the number of
-- buckets. Larger ones are rare, and searched for.
local MAX_SLOTS = 131072

-- The table for the integers 0..last in units of `unit`: unit 1000 for milliseconds.
local function slots_of(bounds, unit)
  local highest = floor(bounds[#bounds] * unit) + 1
  local last = highest > MAX_SLOTS and MAX_SLOTS or highest
  local slots = ffi.new("uint16_t[?]", last + 1)
  local bucket = 1
  for value = 0, last do
    while bucket <= #bounds and value > bounds[bucket] * unit + 1e-9 do
      bucket = bucket + 1
    end
    slots[value] = bucket - 1
  end
  return slots, last, highest <= MAX_SLOTS
end

--- `buckets` has by kind {bounds, unit}; `unit` is how many of what is measured make one of what
-- the bounds say. `histograms` is a list of {name, kind}. Returns the histograms by name, each with
-- what observing needs, and the length of the array.
function _M.new(buckets, histograms)
  local by_name, length = {}, 1
  for _, kind in pairs(buckets) do
    -- The table's last entry holds for everything above as well, where it is whole.
    kind.slots, kind.last, kind.is_whole = slots_of(kind.bounds, kind.unit)
  end
  for _, spec in ipairs(histograms) do
    local kind = buckets[spec[2]]
    by_name[spec[1]] = {
      first = length,
      sum = length + #kind.bounds + 1,
      unit = kind.unit,
      bounds = kind.bounds,
      slots = kind.slots,
      last = kind.last,
      is_whole = kind.is_whole,
    }
    length = length + #kind.bounds + 2
  end
  return by_name, length
end

-- The bucket of a value beyond the table.
local function search(histogram, value)
  local bounds = histogram.bounds
  local scaled = value / histogram.unit
  local bucket = 1
  while bucket <= #bounds and scaled > bounds[bucket] do
    bucket = bucket + 1
  end
  return bucket - 1
end

--- Counts a value, an integer in the histogram's unit, 0 or more.
function _M.observe(numbers, histogram, value)
  local last = histogram.last
  local bucket
  if value <= last then
    bucket = histogram.slots[value]
  elseif histogram.is_whole then
    bucket = histogram.slots[last]
  else
    bucket = search(histogram, value)
  end
  local at = histogram.first + bucket
  numbers[at] = numbers[at] + 1
  at = histogram.sum
  numbers[at] = numbers[at] + value / histogram.unit
end

return _M
