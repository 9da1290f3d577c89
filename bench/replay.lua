-- wrk: replays the requests of a file, one a line: cookie <tab> path, and for a POST of JSON <tab> body. A path may
-- hold @LOW-HIGH@, for which each request draws its own number: so that nobody has asked the same before. A body may hold
-- @@N@@, a number that no other request of this run has.
local requests, at, serial = {}, 0, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local cookie, path, body = line:match("^([^\t]*)\t([^\t]*)\t?(.*)$")
    requests[#requests + 1] = { cookie = cookie, path = path, body = body ~= "" and body or nil, drawn = path:find("@", 1, true) ~= nil }
  end
  math.randomseed(tonumber(arguments[2]) or 1)
end

function request()
  at = at % #requests + 1
  local one = requests[at]
  if one.body then
    serial = serial + 1
    local headers = { ["Cookie"] = one.cookie, ["Accept-Encoding"] = "identity", ["Content-Type"] = "application/json" }
    return wrk.format("POST", one.path, headers, (one.body:gsub("@@N@@", serial)))
  end
  local path = one.path
  if one.drawn then
    path = path:gsub("@(%d+)%-(%d+)@", function(low, high) return math.random(tonumber(low), tonumber(high)) end)
  end
  return wrk.format("GET", path, { ["Cookie"] = one.cookie, ["Accept-Encoding"] = "identity" })
end

local refused = 0
function response(status)
  if status ~= 200 and status ~= 201 then refused = refused + 1; counter = refused end
end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end

function done(summary, latency)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.status
  for _, thread in ipairs(threads) do bad = bad + (tonumber(thread:get("counter")) or 0) end
  io.write(string.format('RESULT {"requests": %d, "micros": %d, "bytes": %d, "bad": %d, "p50": %.3f, "p95": %.3f, "p99": %.3f, "max": %.3f}\n',
    summary.requests, summary.duration, summary.bytes, bad,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
