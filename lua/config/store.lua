-- The routing state in shared memory. Each object has one pointer key "p/<name>" that holds
-- version * 65536 + chunks (a number, so that moving it never allocates) and its value in chunks
-- under "v/<version>/<n>". New values are written beside the old ones; only then the pointers
-- move. So a reader sees an object whole, in its old or its new form.

local state = require("config.dictionary").state
local concat = table.concat
local floor = math.floor
local sub = string.sub

local CHUNK = 32 * 1024
local SHIFT = 65536

local _M = {}

--- Writes a value under a new version. Returns the pointer, or nil and what failed (the old value
-- is untouched).
function _M.stage(name, value)
  local version = state:incr("version", 1, 0)
  local chunks = 0
  for from = 1, #value, CHUNK do
    chunks = chunks + 1
    local chunk = sub(value, from, from + CHUNK - 1)
    local ok, err = state:safe_set("v/" .. version .. "/" .. chunks, chunk)
    if not ok then
      _M.discard(version * SHIFT + chunks)
      return nil, "storing " .. name .. ": " .. err
    end
  end
  -- The pointer of a new name is made now, so that moving it later cannot run out of memory.
  local ok, err = state:safe_add("p/" .. name, 0)
  if not ok and err ~= "exists" then
    _M.discard(version * SHIFT + chunks)
    return nil, "storing the pointer of " .. name .. ": " .. err
  end
  return version * SHIFT + chunks
end

--- Frees the chunks of a value that no pointer names.
function _M.discard(pointer)
  local version, chunks = floor(pointer / SHIFT), pointer % SHIFT
  for i = 1, chunks do
    state:delete("v/" .. version .. "/" .. i)
  end
end

--- Makes a staged value the current one; returns the pointer it replaces, 0 for none.
function _M.move(name, pointer)
  local key = "p/" .. name
  local before = state:get(key) or 0
  state:set(key, pointer)
  return before
end

--- Forgets a name whose pointer was moved to 0.
function _M.forget(name)
  state:delete("p/" .. name)
end

--- The pointer of an object, 0 when it has no value.
function _M.pointer(name)
  return state:get("p/" .. name) or 0
end

--- The value of a pointer, or nil when it was discarded.
function _M.read_at(pointer)
  local version, chunks = floor(pointer / SHIFT), pointer % SHIFT
  local parts = {}
  for i = 1, chunks do
    parts[i] = state:get("v/" .. version .. "/" .. i)
  end
  return #parts == chunks and concat(parts) or nil
end

--- The current value of an object, or nil when there is none.
function _M.read(name)
  -- A pointer may move between the two reads; then its chunks are gone and the new pointer is
  -- right.
  for _ = 1, 5 do
    local pointer = _M.pointer(name)
    if pointer == 0 then
      return nil
    end
    local value = _M.read_at(pointer)
    if value then
      return value
    end
  end
  ngx.log(ngx.ERR, "reading ", name, ": its chunks are missing")
  return nil
end

--- All names that have a value, as a table name -> true, and all versions in use. Locks the
-- dictionary: rare use only.
function _M.names()
  local names, versions = {}, {}
  for _, key in ipairs(state:get_keys(0)) do
    if sub(key, 1, 2) == "p/" then
      local pointer = state:get(key) or 0
      if pointer ~= 0 then
        names[sub(key, 3)] = true
        versions[floor(pointer / SHIFT)] = true
      end
    end
  end
  return names, versions
end

--- Frees values that no pointer names, those `kept` included: left-overs of a worker that died
-- while it applied a batch.
function _M.sweep(kept)
  local _, versions = _M.names()
  for _, pointer in ipairs(kept) do
    versions[floor(pointer / SHIFT)] = true
  end
  for _, key in ipairs(state:get_keys(0)) do
    local version = key:match("^v/(%d+)/")
    if version and not versions[tonumber(version)] then
      state:delete(key)
    end
  end
end

return _M
