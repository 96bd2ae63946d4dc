-- Reads list variables such as "$upstream_addr": "10.0.0.1:80, 10.0.0.2:80 : 10.0.1.1:80" – tries
-- at one backend, then, after an internal redirect, at another one. In the balancer phase the try
-- that begins is there already, as a final " : ".

local find = string.find
local gmatch = string.gmatch
local match = string.match

local _M = {}

--- The entries of the backend that is tried at the moment, or was tried last.
function _M.current(text)
  if not text or text == "" then
    return {}
  end
  if not find(text, " ", 1, true) then
    return { text }
  end
  text = match(text, "^(.-) : $") or text
  text = match(text, "^.* : (.*)$") or text
  local entries = {}
  for entry in gmatch(text, "[^, ]+") do
    entries[#entries + 1] = entry
  end
  return entries
end

--- The entries of the backend that was tried before it, nil for none: in the log phase.
function _M.earlier(text)
  local before = text and find(text, " : ", 1, true) and match(text, "^(.*) : ")
  return before and _M.current(before)
end

return _M
