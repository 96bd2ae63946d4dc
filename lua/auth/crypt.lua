-- Password hashes as nginx's auth_basic knows them (crypt(3) with bcrypt and SHA-2 where libc has
-- them, apr1, {SHA}, {SSHA}, {PLAIN}): nginx's own function, which every binary exports to its
-- modules. So no file is needed, and no reload when a password changes.

local ffi = require("ffi")

local C = ffi.C
local new, tostr = ffi.new, ffi.string

ffi.cdef([[
typedef struct { void *conf_ctx; void *pool; void *log; } sluice_cycle_t;
extern sluice_cycle_t *ngx_cycle;
void *ngx_create_pool(size_t size, void *log);
void ngx_destroy_pool(void *pool);
intptr_t ngx_crypt(void *pool, const char *key, const char *salt, char **encrypted);
]])

-- Good pairs, so that a hash that is slow on purpose costs a client only its first request. Keyed
-- by a digest of both: a changed password is another key. Emptied when full.
local MAX_KNOWN = 4096
local known, size = {}, 0

local POOL_SIZE = 1024

local _M = {}

local function encrypt(password, hash)
  local pool = C.ngx_create_pool(POOL_SIZE, C.ngx_cycle.log)
  if pool == nil then
    return nil
  end
  local result = new("char *[1]")
  local status = C.ngx_crypt(pool, password, hash, result)
  local text = status == 0 and tostr(result[0]) or nil
  C.ngx_destroy_pool(pool)
  return text
end

--- True when the password is the one that the hash was made of.
function _M.matches(password, hash)
  if password:find("%z") then
    return false -- C would read only what is before it
  end
  local key = ngx.sha1_bin(#hash .. ":" .. hash .. password)
  if known[key] then
    return true
  end
  if hash == "" or encrypt(password, hash) ~= hash then
    return false
  end
  if size >= MAX_KNOWN then
    known, size = {}, 0
  end
  known[key] = true
  size = size + 1
  return true
end

return _M
