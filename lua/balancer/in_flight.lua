-- How many requests each peer has under way, for the backends that ask: counted by worker, and
-- over all workers where there is a limit. What a request holds stands in $sluice_held, which
-- survives every internal redirect, so that its end gives back exactly that.

local under_way = require("lib.under_way")

local ceil = math.ceil

local _M = {}

-- The entries of peers with requests under way, by ticket; their backends may be gone.
local busy = {}

-- An entry of a backend that is gone, or was another one, goes on counting for this one.
local function adopt(entry, group)
  entry.group.total = entry.group.total - entry.count
  group.total = group.total + entry.count
  entry.group = group
end

--- Gives the peers of a backend their entries: those in which requests are under way, or new ones.
function _M.sync(backend, peers)
  local group = backend.in_flight
  for i = 1, #peers do
    local peer = peers[i]
    local ticket = backend.name .. " " .. peer.text
    local entry = busy[ticket]
    if entry then
      adopt(entry, group)
    else
      entry = { ticket = ticket, text = peer.text, count = 0, limited = 0, group = group }
    end
    peer.entry, entry.peer = entry, peer
  end
end

--- The count of a backend's requests under way; `before` is the one that it had.
function _M.group(before)
  return before or { total = 0 }
end

-- Counts the end of what a ticket stands for; the peer's text, nil for nothing.
local function give_back(ticket)
  local entry = busy[ticket]
  if not entry then
    return nil
  end
  entry.group.total = entry.group.total - 1
  entry.count = entry.count - 1
  if entry.limited > 0 then
    entry.limited = entry.limited - 1
    under_way.leave("endpoint " .. entry.text)
  end
  if entry.count == 0 then
    busy[ticket] = nil
  end
  return entry.text
end

--- Counts the end of what a request holds, if it holds anything.
function _M.release(var)
  local ticket = var.sluice_held
  if ticket and ticket ~= "" then
    var.sluice_held = ""
    give_back(ticket)
  end
end

--- The same for the end of the request itself; the text of the peer that it held, nil for none.
function _M.finish(var)
  local ticket = var.sluice_held
  return ticket and ticket ~= "" and give_back(ticket) or nil
end

--- Counts a request at a peer; it must hold nothing.
function _M.hold(var, peer)
  local entry = peer.entry
  entry.count = entry.count + 1
  entry.group.total = entry.group.total + 1
  if entry.count == 1 then
    busy[entry.ticket] = entry
  end
  var.sluice_held = entry.ticket
end

--- The peer of a backend that a request holds, nil for none.
function _M.held(var, backend)
  local entry = busy[var.sluice_held or ""]
  return entry and backend.in_flight == entry.group and entry.peer or nil
end

--- Counts a request at a peer, unless that has `limit` of them in all workers: false.
function _M.enter(var, peer, limit)
  -- Where there is no memory to count, requests pass.
  local counted = under_way.enter("endpoint " .. peer.text, limit)
  if counted == false then
    return false
  end
  _M.hold(var, peer)
  if counted then
    peer.entry.limited = peer.entry.limited + 1
  end
  return true
end

--- What a peer may have at most so that none has more than `factor` times the mean, one more
-- request included.
function _M.bound(group, peers, factor)
  return ceil(factor * (group.total + 1) / #peers)
end

return _M
