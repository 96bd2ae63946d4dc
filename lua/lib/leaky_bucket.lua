-- A leaky bucket a key, as limit_req of nginx with nodelay: requests drain at a steady rate, a
-- burst is served at once, what is over it is refused and does not count. The bucket is one number
-- in shared memory, the time at which it will be empty (the theoretical arrival time of GCRA).
-- Workers move it with dict:incr only, and correct what they added when another was faster, so
-- that no request is lost from the count.

local max = math.max

local _M = {}

--- True when a request may pass at `now`. All times are whole microseconds: numbers of that size
-- are exact. `interval` is the time of one request, `burst` what may be ahead of it.
function _M.pass(dict, key, interval, burst, now)
  local base = dict:get(key) or now
  if base - now > burst then
    return false
  end
  local added = max(base, now) + interval - base
  local seconds = (burst + interval) / 1e6 + 1
  local after, err = dict:incr(key, added, base, seconds)
  if not after then
    return true, err
  end
  local before = after - added
  if before ~= base then
    if before - now > burst then
      dict:incr(key, -added)
      return false
    end
    local correction = max(before, now) + interval - before - added
    if correction ~= 0 then
      dict:incr(key, correction)
    end
  end
  dict:expire(key, seconds)
  return true
end

--- Takes a request back that passed.
function _M.give_back(dict, key, interval)
  dict:incr(key, -interval)
end

return _M
