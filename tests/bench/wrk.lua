-- Each request once, in the order of the file: method, path, token, key or etag, body; tabs between, "-" for none.
-- JOB names the file; DELAY_MS is the mean pause before each request; ONCE stops at the end of the file.
local requests, n, answered = {}, 0, 0
local pause, once = tonumber(os.getenv("DELAY_MS") or "0"), os.getenv("ONCE") == "1"
local created, busy, other = 0, 0, 0

function setup(thread) thread:set("number", 0); threads = { thread } end

function init()
  math.randomseed(os.time())
  for line in io.lines(os.getenv("JOB")) do
    local method, path, token, extra, body = line:match("([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)")
    local headers = { Host = os.getenv("AT") }
    if token ~= "-" then headers["Authorization"] = "Bearer " .. token end
    if body ~= "-" then headers["Content-Type"] = "application/json" end
    if extra ~= "-" then headers[method == "GET" and "If-None-Match" or "Idempotency-Key"] = extra end
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "-" and body or nil)
  end
end

function request()
  n = n + 1
  return requests[(n - 1) % #requests + 1]
end

if pause > 0 then
  function delay() return -math.log(1 - math.random()) * pause end
end

statuses = ""
local count = {}
function response(status)
  count[status] = (count[status] or 0) + 1
  answered = answered + 1
  if once and answered >= #requests then wrk.thread:stop() end
  if answered % 50 == 0 or once then
    local told = {}
    for s, c in pairs(count) do told[#told + 1] = string.format('"%d": %d', s, c) end
    statuses = table.concat(told, ", ")
  end
end

function done(summary, latency)
  io.stderr:write(string.format(
    '{"requests": %d, "seconds": %.6f, "p50": %.6f, "p99": %.6f, "most": %.6f, "socket_errors": %d, "statuses": {%s}}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e6, latency:percentile(99) / 1e6,
    latency.max / 1e6, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    threads[1]:get("statuses")))
end
