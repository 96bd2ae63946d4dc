-- Headers that the settings name for all hosts: of every request to a backend (proxy-set-headers),
-- and of every response (add-headers, hide-headers). Compiled when the settings change.

local feed = require("config.feed")
local template = require("lib.template")

local header = ngx.header
local clear_header = ngx.req.clear_header
local set_header = ngx.req.set_header

local _M = {}

-- The settings that were compiled last, and what they became; nil where there is nothing to do.
local compiled_of, to_backend, added, hidden

-- Headers of ours that the running configuration leaves to proxy-set-headers.
local replaced = {}

local function compile_all(pairs_of_texts)
  if not pairs_of_texts then
    return nil
  end
  local list = {}
  for i, pair in ipairs(pairs_of_texts) do
    list[i] = { name = pair[1], value = template.compile(pair[2]) }
  end
  return list
end

local function nothing()
  return ""
end

-- Before the reload that brings ours back, clients must not be able to set them.
local function with_replaced(list)
  local set = {}
  for _, entry in ipairs(list or {}) do
    set[entry.name:lower()] = true
  end
  for _, name in ipairs(replaced) do
    if not set[name:lower()] then
      list = list or {}
      list[#list + 1] = { name = name, value = nothing }
    end
  end
  return list
end

local function refresh()
  local settings = feed.settings()
  if settings ~= compiled_of then
    compiled_of = settings
    to_backend = with_replaced(compile_all(settings.proxy_set_headers))
    added = compile_all(settings.add_headers)
    hidden = settings.hide_headers
  end
end

--- Called once in each worker: `names` are the headers of ours that its configuration does not set.
function _M.start(names)
  replaced = names
end

--- Sets the headers of a request that goes to a backend. An empty value removes a header.
function _M.send(var)
  refresh()
  if not to_backend then
    return
  end
  for i = 1, #to_backend do
    local entry = to_backend[i]
    local value = entry.value(var)
    if value == "" then
      clear_header(entry.name)
    else
      set_header(entry.name, value)
    end
  end
end

--- The header filter of a response: what backends said is hidden, then ours are set.
function _M.answer(var)
  refresh()
  if hidden and var.upstream_status then
    for i = 1, #hidden do
      header[hidden[i]] = nil
    end
  end
  if added then
    for i = 1, #added do
      local value = added[i].value(var)
      header[added[i].name] = value ~= "" and value or nil
    end
  end
end

return _M
