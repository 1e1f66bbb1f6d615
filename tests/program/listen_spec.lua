-- `moonshift listen`, on both kinds of tracker.

local cjson = require "cjson"
local support = require "support"
local task = require "moonshift.task"
local trackers = require "trackers"

local PATIENCE_S = 30

local function command(tracker, ...)
  local all = { "listen", ... }
  all.environment = tracker:environment()
  return all
end

local function listen(tracker, ...)
  local process = support.start(command(tracker, ...))
  task.timeout(PATIENCE_S, function()
    while not process.stderr:find "listening to the events" do
      if process.open == 0 then error(process.stderr) end
      task.sleep(0.02)
    end
  end)
  return process
end

for _, kind in ipairs(trackers.KINDS) do
  describe("moonshift listen over " .. kind, function()
    local tracker
    setup(function() tracker = trackers.start(kind) end)
    teardown(function() tracker:close() end)

    it("prints events as lines and ends with --count", function()
      local session <close> = tracker:session()
      local process <close> = listen(tracker, "--count", "2", "topic=studio.*")
      session.event_hub:publish { topic = "elsewhere" }
      session.event_hub:publish { topic = "studio.one", data = { text = ("é"):rep(200) } }
      session.event_hub:publish { topic = "studio.two\n\27[2J", data = { n = 2 } }
      local result = process:wait()
      assert.equal(0, result.exit_code)
      local one, two, rest = result.stdout:match "^([^\n]*)\n([^\n]*)\n(.*)$"
      assert.truthy(one:find "^%d%d:%d%d:%d%d  studio%.one +%S+ +{")
      assert.truthy(one:find "…$")
      assert.truthy(utf8.len(one))
      assert.truthy(two:find([[studio.two\n\u001b[2J]], 1, true))
      assert.truthy(two:find('{"n":2}', 1, true))
      assert.equal("", rest)
    end)

    it("prints them whole with --json, until a signal", function()
      local session <close> = tracker:session()
      local process <close> = listen(tracker, "--json")
      session.event_hub:publish { topic = "studio.json", data = { id = 9007199254740993, text = ("x"):rep(500) } }
      local line = process:wait_for "([^\n]*studio%.json[^\n]*)\n"
      local event = cjson.decode(line)
      assert.equal("studio.json", event.topic)
      assert.equal(500, #event.data.text)
      assert.equal(session.api_user, event.source.user.username)
      assert.truthy(line:find('"id":9007199254740993', 1, true))
      process:kill "sigint"
      local result = process:wait()
      assert.equal(0, result.exit_code)
      assert.is_nil(result.stderr:find "traceback")
    end)
  end)
end

describe("moonshift listen", function()
  it("says what is wrong", function()
    local tracker <close> = trackers.start "embedded"
    local function run(...)
      return support.run(command(tracker, ...))
    end
    local wrong = run "topic="
    assert.equal(1, wrong.exit_code)
    assert.truthy(wrong.stderr:find "^moonshift: [^\n]+\n$")
    assert.equal(2, run("topic=a", "topic=b").exit_code)
    assert.equal(2, run("--count", "0").exit_code)
  end)
end)
