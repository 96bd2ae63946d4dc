-- Versions of hosts that were replaced, and backends that were removed, while workers of a
-- configuration before may still route requests. Such a worker lacks the profiles that were loaded
-- after it was told to quit, but has those of every version that was in force at that moment; that
-- version is kept for it, and no other one. Whoever changes this holds the lock (config/lock.lua).

local store = require("config.store")

local state = require("config.dictionary").state
local concat = table.concat
local gmatch = string.gmatch

local _M = {}

-- All kept versions, oldest first: the generation that replaced each, its pointer, its name. They
-- are lines of one value, so that readers see a list whole.
local function list()
  local versions = {}
  for replaced, pointer, name in gmatch(state:get("kept") or "", "(%d+) (%d+) ([^\n]+)") do
    versions[#versions + 1] =
      { replaced = tonumber(replaced), pointer = tonumber(pointer), name = name }
  end
  return versions
end

-- False when there is no room; then the list is empty.
local function write(versions)
  if #versions == 0 then
    state:delete("kept")
    return true
  end
  local lines = {}
  for i, version in ipairs(versions) do
    lines[i] = ("%d %d %s"):format(version.replaced, version.pointer, version.name)
  end
  local ok, err = state:safe_set("kept", concat(lines, "\n"))
  if not ok then
    ngx.log(ngx.WARN, "keeping replaced hosts for workers that quit: ", err)
    state:delete("kept")
  end
  return ok
end

-- True when a worker was told to quit while a version was in force.
local function is_needed(since, replaced, quits)
  for _, generation in ipairs(quits) do
    if generation >= since and generation < replaced then
      return true
    end
  end
  return false
end

--- Keeps the current versions of these objects as far as a worker may need them once `generation`
-- replaces them. `quits` are the generations at which the living workers that end were told to.
-- Returns the set of the pointers that are kept, which must not be discarded.
function _M.keep(names, generation, quits)
  local kept = {}
  if #quits == 0 then
    return kept
  end
  local versions, since = list(), {}
  for _, version in ipairs(versions) do
    since[version.name] = version.replaced
  end
  for _, name in ipairs(names) do
    local pointer = store.pointer(name)
    if pointer ~= 0 and is_needed(since[name] or 0, generation, quits) then
      versions[#versions + 1] = { replaced = generation, pointer = pointer, name = name }
      kept[pointer] = true
    end
  end
  if next(kept) and not write(versions) then
    for _, version in ipairs(versions) do
      if not kept[version.pointer] then
        store.discard(version.pointer)
      end
    end
    return {}
  end
  return kept
end

--- Frees the versions that none of these workers needs any more. Returns how many.
function _M.prune(quits)
  local versions, since = list(), {}
  local needed, freed = {}, {}
  for _, version in ipairs(versions) do
    local name = version.name
    local set = is_needed(since[name] or 0, version.replaced, quits) and needed or freed
    set[#set + 1] = version
    since[name] = version.replaced
  end
  if #freed == 0 then
    return 0
  end
  if not write(needed) then
    freed = versions
  end
  for _, version in ipairs(freed) do
    store.discard(version.pointer)
  end
  return #freed
end

--- True when any version is kept. Costs one dictionary read.
function _M.is_kept()
  return state:get("kept") ~= nil
end

--- The pointers of all kept versions.
function _M.pointers()
  local pointers = {}
  for i, version in ipairs(list()) do
    pointers[i] = version.pointer
  end
  return pointers
end

--- The text that an object had at a generation, nil when that version was not kept.
function _M.read(name, generation)
  for _, version in ipairs(list()) do
    if version.name == name and version.replaced > generation then
      return store.read_at(version.pointer)
    end
  end
  return nil
end

return _M
