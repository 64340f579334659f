-- Each request once, in the order of the file: method, path, token, key or etag, the asker's address as a proxy tells
-- it, body; tabs between, "-" for none.
-- JOB names the file; DELAY_MS is the mean pause before each request; ONCE stops at the end of the file.
local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds, microseconds; } timeval; int gettimeofday(timeval *now, void *zone);")
local requests, n, answered = {}, 0, 0
local pause, once = tonumber(os.getenv("DELAY_MS") or "0"), os.getenv("ONCE") == "1"

local now = ffi.new("timeval")
local function clock()
  ffi.C.gettimeofday(now, nil)
  return tonumber(now.seconds) + tonumber(now.microseconds) / 1e6
end

took = 0 -- seconds from the first request to the last answer: wrk itself sleeps to the end of its time

function setup(thread) thread:set("number", 0); threads = { thread } end

function init()
  math.randomseed(os.time())
  for line in io.lines(os.getenv("JOB")) do
    local method, path, token, extra, address, body =
      line:match("([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)")
    local headers = { Host = os.getenv("AT") }
    if token ~= "-" then headers["Authorization"] = "Bearer " .. token end
    if body ~= "-" then headers["Content-Type"] = "application/json" end
    if address ~= "-" then headers["X-Forwarded-For"] = address end
    if extra ~= "-" then headers[method == "GET" and "If-None-Match" or "Idempotency-Key"] = extra end
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "-" and body or nil)
  end
end

local began
function request()
  began = began or clock()
  n = n + 1
  return requests[(n - 1) % #requests + 1]
end

if pause > 0 then
  function delay() return -math.log(1 - math.random()) * pause end
end

s200, s201, s304, s401, s409, s429, s503, others = 0, 0, 0, 0, 0, 0, 0, 0
function response(status)
  if status == 200 then s200 = s200 + 1
  elseif status == 201 then s201 = s201 + 1
  elseif status == 304 then s304 = s304 + 1
  elseif status == 401 then s401 = s401 + 1
  elseif status == 409 then s409 = s409 + 1
  elseif status == 429 then s429 = s429 + 1
  elseif status == 503 then s503 = s503 + 1
  else others = others + 1 end
  answered = answered + 1
  if once and answered >= #requests then
    took = clock() - began
    wrk.thread:stop()
  end
end

function done(summary, latency)
  local told = {}
  for _, name in ipairs({ "s200", "s201", "s304", "s401", "s409", "s429", "s503", "others" }) do
    local count = threads[1]:get(name)
    if count > 0 then told[#told + 1] = string.format('"%s": %d', (name:gsub("^s", "")), count) end
  end
  local seconds = threads[1]:get("took")
  if seconds == 0 then seconds = summary.duration / 1e6 end
  io.stderr:write(string.format(
    '{"requests": %d, "seconds": %.6f, "p50": %.6f, "p99": %.6f, "most": %.6f, "socket_errors": %d, "statuses": {%s}}\n',
    summary.requests, seconds, latency:percentile(50) / 1e6, latency:percentile(99) / 1e6,
    latency.max / 1e6, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    table.concat(told, ", ")))
end
