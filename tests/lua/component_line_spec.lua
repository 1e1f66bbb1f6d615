--- How fast the transfers of a session may be together, and how many of them there are at a time.

local errors = require "moonshift.errors"
local line = require "moonshift.line"
local support = require "support"
local system = require "moonshift.core.system"
local task = require "moonshift.task"
local trackers = require "trackers"
local uv = require "luv"

local PART = 64 * 1024
local MIB = 1024 * 1024

local function seconds_of(f, ...)
  local started = uv.hrtime()
  f(...)
  return (uv.hrtime() - started) / 1e9
end

describe("the line", function()
  local tracker, folder, file
  setup(function()
    tracker, folder = trackers.start "http", support.folder()
    system.set_environment("MOONSHIFT_PART_BYTES", tostring(PART))
    system.set_environment("XDG_STATE_HOME", folder.path .. "/state")
    file = support.write(folder.path .. "/plate.exr", ("0123456789abcdef"):rep(10 * MIB // 16))
  end)
  teardown(function()
    system.set_environment("MOONSHIFT_PART_BYTES", nil)
    system.set_environment("XDG_STATE_HOME", nil)
    getmetatable(folder).__close(folder)
    tracker:close()
  end)

  local function open(limits)
    return tracker:session(limits)
  end

  it("is no faster than it may be, however many parts there are", function()
    local session <close> = open { limit_rate = "5M", connections = 8 }
    local component
    -- 10 MiB at 5 MiB a second, but for the tenth of a second that is kept and what is under way.
    assert.is_true(seconds_of(function() component = session:create_component(file) end) > 1.6)
    local target <close> = support.folder()
    local path
    assert.is_true(seconds_of(function() path = session:download(component, target.path) end) > 1.6)
    assert.is_true(support.read(path) == support.read(file))
  end)

  it("is limited where nothing can wait, too", function()
    local session <close> = open { limit_rate = 5 * MIB }
    local small = support.write(folder.path .. "/small.exr", ("x"):rep(2 * PART))
    local component = session:create_component(small)
    local target <close> = support.folder()
    local path
    table.sort({ 1, 2 }, function(a, b)
      path = path or session:download(component, target.path)
      return a < b
    end)
    assert.equal(2 * PART, #support.read(path))
  end)

  it("has as many transfers at a time as it may", function()
    local session <close> = open { connections = 3 }
    local running, most = 0, 0
    local items = {}
    for i = 1, 12 do items[i] = i end
    task.parallel(items, { limit = 12 }, function()
      line.move(function()
        running = running + 1
        most = math.max(most, running)
        task.sleep(0.01)
        running = running - 1
      end, { session = session })
    end)
    assert.equal(3, most)
  end)

  it("goes on when one who waits is cancelled", function()
    local session <close> = open { connections = 1 }
    local done = 0
    local function move()
      line.move(function()
        task.sleep(0.05)
        done = done + 1
      end, { session = session })
    end
    local first, second, third = task.spawn(move), task.spawn(move), task.spawn(move)
    task.sleep(0.01)
    second:cancel()
    first:join()
    third:join()
    move()
    assert.equal(3, done)
  end)

  it("has fewer connections when it is slow", function()
    local slow <close> = open { limit_rate = "64K" }
    local slowest <close> = open { limit_rate = "1K" }
    assert.equal(2, line.connections(slow))
    assert.equal(1, line.connections(slowest))
  end)

  it("refuses what is no limit", function()
    local wrong = { limit_rate = { "fast", 10, "10", -1, 0.5, true }, connections = { 0, 33, 1.5, "6" } }
    for option, values in pairs(wrong) do
      for _, value in ipairs(values) do
        local ok, err = pcall(open, { [option] = value })
        assert.is_false(ok)
        assert.equal("usage", errors.code(err))
        assert.matches(option, errors.message(err), 1, true)
      end
    end
  end)

  it("takes its limits from config.lua", function()
    local path = support.write(folder.path .. "/config.lua", 'return { connections = 2, limit_rate = "20M" }')
    local before = os.getenv "MOONSHIFT_CONFIG"
    system.set_environment("MOONSHIFT_CONFIG", path)
    local ok, session = pcall(open, {})
    system.set_environment("MOONSHIFT_CONFIG", before)
    assert.is_true(ok)
    assert.equal(2, line.connections(session))
    session:close()
  end)
end)
