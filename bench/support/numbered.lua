-- For wrk: requests of which each has a path and a session of its own ("/item-1", cookie "NAME=key-1"),
-- over and over.  wrk -s numbered.lua URL -- COOKIE NUMBER [count]
-- With "count" it prints how often each body was the answer when there were NUMBER answers, and ends.

local requests, sent = {}, 0
local bodies, answered = {}, 0

local function count(status, _, body)
  local answer = status == 200 and body or "status " .. status
  bodies[answer] = (bodies[answer] or 0) + 1
  answered = answered + 1
  if answered == #requests then
    for text, times in pairs(bodies) do
      io.write("answer ", text, " ", times, "\n")
    end
    io.flush()
    os.exit(0) -- wrk itself would wait until its time is over
  end
end

function init(args)
  for i = 1, tonumber(args[2]) do
    wrk.headers["Cookie"] = args[1] .. "=key-" .. i
    requests[i] = wrk.format(nil, "/item-" .. i)
  end
  if args[3] == "count" then
    response = count -- without one, wrk does not take answers apart
  end
end

function request()
  sent = sent % #requests + 1
  return requests[sent]
end
