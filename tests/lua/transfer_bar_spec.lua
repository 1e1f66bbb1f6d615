--- What is told of a transfer's progress.

local cjson = require "cjson"
local trackers = require "trackers"
local transfer_bar = require "moonshift.transfer_bar"
local uv = require "luv"

-- Calls `f(tick, new)`, where `tick(seconds)` lets time go by and `new(label)` makes a bar; returns the events that
-- were printed.
local function record(f)
  local tracker <close> = trackers.start "embedded"
  local session <close> = tracker:session()
  local now, events = 1e9, {}
  local hrtime, print_before = uv.hrtime, print
  local _ <close> = setmetatable({}, { __close = function() uv.hrtime, _G.print = hrtime, print_before end })
  uv.hrtime = function() return now end
  _G.print = function(line) events[#events + 1] = cjson.decode(line) end
  f(function(seconds) now = now + math.floor(seconds * 1e9) end, function(label)
    return transfer_bar.new(label, { session = session, json = true })
  end)
  return events
end

describe("a transfer's events", function()
  it("tell the rate of what moved, not of what was there", function()
    local events = record(function(tick, new)
      local bar <close> = new "movie"
      bar.update(900, 1000)
      tick(2)
      bar.update(920, 1000)
      tick(2)
      bar.update(940, 1000)
      tick(0.1)
      bar.update(945, 1000)
      bar.update(1000, 1000)
    end)
    assert.equal(3, #events)
    assert.same({ 10, 10 }, { events[1].bytes_per_second, events[2].bytes_per_second })
    assert.same({ 920, 940, 1000 }, { events[1].done_bytes, events[2].done_bytes, events[3].done_bytes })
  end)

  it("are JSON, whatever the file is called", function()
    local events = record(function(_, new)
      local bar <close> = new "lat\xe9n \"\n"
      bar.done("done", { path = "/\xff/x" })
    end)
    assert.same({ "lat?n \"\n", "/?/x", "done" }, { events[1].name, events[1].path, events[1].event })
  end)
end)
