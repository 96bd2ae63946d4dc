-- The better of two random peers: how long they took to answer lately (a peak-sensitive,
-- exponentially weighted moving average, shared by all workers) times the requests that they have
-- under way in this worker, the next one included.

local slow_start = require("balancer.slow_start")

local exp = math.exp
local floor = math.floor
local max = math.max
local min = math.min
local now = ngx.now
local random = math.random

local scores = ngx.shared.sluice_balancer

-- Seconds after which an answer counts for 1/e.
local DECAY = 10
-- What a try that failed counts as at least, in seconds: failing fast must not attract requests.
local FAILURE = 1
-- A score of over this many seconds of age is doubtful: one request at a time finds out.
local DOUBT = 1
-- What a doubtful score still counts for, at most, when an answer was better.
local TRIAL = 0.5
-- What a peer without an answer counts as: little, but more with each request that waits for one.
local UNKNOWN = 1e-6
local WRAP = 4294967296

local _M = {}
local mt = { __index = _M }

--- The balancer needs peers' requests under way.
_M.counts = true

function _M.new()
  return setmetatable({ probes = {} }, mt)
end

-- The time in milliseconds, as the 32 bits that a dictionary keeps beside a number.
local function stamp()
  return floor(now() * 1000) % WRAP
end

-- What is stored about a peer, and its age in seconds; nil for nothing.
local function read(text)
  local value, stamped = scores:get(text)
  if not value then
    return nil
  end
  local age = (stamp() - (stamped or 0)) % WRAP / 1000
  return value, age < WRAP / 2000 and age or 0 -- another worker's clock may be ahead
end

--- New peers begin at the mean of the others: at zero they would draw every request.
function _M:sync(backend)
  self.backend = backend
  local sum, count = 0, 0
  for _, peer in ipairs(backend.peers) do
    local value = read(peer.text)
    if value then
      sum, count = sum + value, count + 1
    end
  end
  if count > 0 then
    for _, peer in ipairs(backend.peers) do
      local ok, err = scores:add(peer.text, sum / count, 0, stamp())
      if not ok and err ~= "exists" then
        ngx.log(ngx.WARN, "storing the score of ", peer.text, ": ", err)
      end
    end
  end
  self.probes = {}
end

-- What a request would cost at a peer, how old the score is that says so, and the score itself.
local function cost_of(self, peer)
  local value, age = read(peer.text)
  local cost
  if not value then
    cost, age = UNKNOWN, 0
  elseif age > DOUBT and (self.probes[peer.text] or 0) > now() then
    cost, age = value, 0
  else
    cost = value * exp(-age / DECAY)
  end
  cost = cost * (peer.entry.count + 1)
  local backend = self.backend
  if backend.young then
    cost = cost / slow_start.weight(backend, peer)
  end
  return cost, age, value or 0
end

local function untried(peers, tried)
  local left = {}
  for _, peer in ipairs(peers) do
    if not tried[peer.text] then
      left[#left + 1] = peer
    end
  end
  return #left > 0 and left or peers
end

function _M:balance(peers, tried)
  if tried then
    peers = untried(peers, tried)
  end
  local count = #peers
  if count == 1 then
    return peers[1]
  end
  local first = random(count)
  local second = random(count - 1)
  if second >= first then
    second = second + 1
  end
  local peer, other = peers[first], peers[second]
  local cost, age, value = cost_of(self, peer)
  local other_cost, other_age, other_value = cost_of(self, other)
  if other_cost < cost then
    peer, age, value = other, other_age, other_value
  end
  if age > DOUBT then
    self.probes[peer.text] = now() + max(value, 0.1)
  end
  return peer
end

--- `seconds` until the answer began, nil when the try failed after `spent` seconds, or was answered
-- with an error.
function _M.after_balance(_, text, seconds, spent)
  local taken = seconds or max(spent, FAILURE)
  local value, age = read(text)
  if value and taken < value then
    local weight = exp(-age / DECAY)
    if age > DOUBT then
      weight = min(weight, TRIAL) -- few requests dared to go there: this one counts the more
    end
    taken = value * weight + taken * (1 - weight)
  end
  local ok, err = scores:set(text, taken, 0, stamp())
  if not ok then
    ngx.log(ngx.WARN, "storing the score of ", text, ": ", err)
  end
end

return _M
