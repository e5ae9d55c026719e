-- Drives wrk over requests that were signed beforehand, each different from all others.
--
-- The file named by the first argument holds, a line each: the body before the instrument, between the instrument and
-- the ticket, and after the ticket; then one line for each request, in columns of fixed width:
-- instrument (6), ticket (10), timestamp (27), signature (44).
-- wrk runs with one thread: it is far from busy with one, and two would take the second core from the server.

local sub = string.sub
local lines, at = {}, 0
local head, middle, tail, before_timestamp, before_signature
repeated = false

local driver
function setup(thread)
  driver = thread
end

function init(args)
  local file = assert(io.open(args[1], "r"))
  head, middle, tail = file:read("*l"), file:read("*l"), file:read("*l")
  for line in file:lines() do
    lines[#lines + 1] = line
  end
  file:close()
  before_timestamp = table.concat({
    "POST " .. wrk.path .. " HTTP/1.1",
    "Host: " .. wrk.host .. ":" .. wrk.port,
    "Content-Type: application/json",
    "Content-Length: " .. (#head + 6 + #middle + 10 + #tail),
    "X-Producer-Id: bench",
    "X-Timestamp: "
  }, "\r\n")
  before_signature = "\r\nX-Signature: "
end

function request()
  at = at + 1
  if at > #lines then
    at, repeated = 1, true
  end
  local line = lines[at]
  return before_timestamp .. sub(line, 17, 43) .. before_signature .. sub(line, 44, 87) .. "\r\n\r\n"
    .. head .. sub(line, 1, 6) .. middle .. sub(line, 7, 16) .. tail
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"repeated":%s,' ..
    '"errors":{"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}}\n',
    summary.requests, summary.duration, latency:percentile(50.0), latency:percentile(99.0),
    tostring(driver:get("repeated")),
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
