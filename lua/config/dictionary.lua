-- The shared dictionary that holds the routing state. It cannot grow: a dictionary whose size
-- changes is empty after the reload. So a larger one with another name takes its place, filled by
-- the master before it starts the new workers; old workers end with the old one.

local _M = {}

local function copy(from, to)
  for _, key in ipairs(from:get_keys(0)) do
    -- What was kept for old workers is theirs: they stay with the old dictionary.
    if key ~= "applying" and key ~= "kept" then
      local value = from:get(key)
      local ok, err = to:safe_set(key, value)
      if value ~= nil and not ok then
        ngx.log(ngx.ERR, "copying ", key, " to the larger dictionary: ", err)
        return
      end
    end
  end
end

--- Chooses the dictionary `name`; when it is empty, fills it from `previous`, "" for none.
function _M.choose(name, previous)
  _M.state = assert(ngx.shared[name], "there is no dictionary " .. name)
  local before = ngx.shared[previous]
  if before and not _M.state:get("epoch") then
    copy(before, _M.state)
  end
end

return _M
