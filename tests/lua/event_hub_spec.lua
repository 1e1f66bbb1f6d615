-- The event hub of a session, over both transports.

local task = require "moonshift.task"
local trackers = require "trackers"

local PATIENCE_S = 30

-- Waits until `condition` holds.
local function wait_until(condition, what)
  task.timeout(PATIENCE_S, function()
    while not condition() do task.sleep(0.02) end
  end)
  return assert.truthy(condition(), what)
end

-- A list, and a listener that fills it.
local function collector()
  local list = {}
  return list, function(event) list[#list + 1] = event end
end


for _, kind in ipairs(trackers.KINDS) do
  describe("the event hub over " .. kind, function()
    local tracker
    setup(function() tracker = trackers.start(kind) end)
    teardown(function() tracker:close() end)

    it("hands what is published to listeners, also to those of another session", function()
      local one <close> = tracker:session()
      local other <close> = tracker:session()
      local list, listener = collector()
      local there, there_listener = collector()
      one.event_hub:subscribe("topic=studio.hello", listener)
      other.event_hub:subscribe("topic=studio.hello", there_listener)
      local published = one.event_hub:publish { topic = "studio.hello", data = { n = 1, list = { "a", "b" } } }
      wait_until(function() return #list == 1 and #there == 1 end)
      local event = there[1]
      assert.equal(published.id, event.id)
      assert.equal("studio.hello", event.topic)
      assert.same({ n = 1, list = { "a", "b" } }, { n = event.data.n, list = { table.unpack(event.data.list) } })
      assert.equal(one.event_hub.id, event.source.id)
      assert.equal(one.api_user, event.source.user.username)
      assert.is_string(event.source.user.id)
      assert.equal("", event.target)
      assert.is_nil(event.in_reply_to_event)
    end)
  end)
end
