-- POST /v1/explain: what the router would do with a request, by the code that does it, and nothing
-- of it done: no counter, no session, no chance drawn. The body is
--   { "host": "a.test", "uri": "/p", "headers": { "x-canary": "always" }, "cookies": { … } }
-- with the host as a client writes it and the URI as nginx has normalised it.

local cjson = require("cjson.safe")
local feed = require("config.feed")
local hosts = require("router.host")
local names = require("router.names")
local router = require("router.router")
local split = require("balancer.split")

local gsub = string.gsub
local lower = string.lower
local re_match = ngx.re.match

local _M = {}

-- What policies ask of ngx.var about headers and cookies.
local function variables(question)
  local var = {}
  for name, value in pairs(question.headers or {}) do
    var["http_" .. gsub(lower(name), "-", "_")] = value
  end
  for name, value in pairs(question.cookies or {}) do
    var["cookie_" .. name] = value
  end
  return var
end

local function captures_of(route, uri)
  local found = re_match(uri, route.path, "ijo")
  if not found then
    return nil
  end
  local list = setmetatable({}, cjson.array_mt)
  for i = 1, #found do
    list[i] = found[i] or ""
  end
  return list
end

local function index_of(host, route)
  for i, each in ipairs(host.routes) do
    if each == route then
      return i - 1
    end
  end
end

local function show(host, route, uri, var)
  local backend = route.target.id and feed.backend(route.target.id)
  return {
    index = index_of(host, route),
    match = route.match,
    path = route.path,
    profile = route.profile,
    namespace = route.namespace,
    ingress = route.ingress,
    target = route.target,
    captures = route.match == "regex" and captures_of(route, uri) or nil,
    canary = backend and backend.canaries and split.foresee(var, backend) or nil,
  }
end

--- The answer as a table; nil and what is wrong with the question.
function _M.answer(text)
  local question = cjson.decode(text or "")
  if type(question) ~= "table" or type(question.host) ~= "string"
    or type(question.uri) ~= "string" then
    return nil, "the body must be JSON with the texts host and uri"
  end
  feed.sync()
  local name = router.normal_name(question.host)
  if not name then
    return { kind = "refused", status = 400 }
  end
  local host, is_alias = names.find(name)
  if not host then
    return { kind = "refused", status = 503 }
  end
  local route, slash, status = hosts.find(host, question.uri)
  return {
    kind = "host",
    host = host.name,
    is_alias = is_alias or false,
    has_certificate = names.has_certificate(name),
    route = route and show(host, route, question.uri, variables(question)),
    slash = not route and slash and show(host, slash, question.uri, {}) or nil,
    status = status,
  }
end

return _M
