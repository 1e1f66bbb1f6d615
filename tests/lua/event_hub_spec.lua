-- The event hub of a session, over both transports.

local errors = require "moonshift.errors"
local moonshift = require "moonshift"
local support = require "support"
local task = require "moonshift.task"
local trackers = require "trackers"

-- A list, and a listener that fills it.
local function collector()
  local list = {}
  return list, function(event) list[#list + 1] = event end
end

local function topics(list)
  local names = {}
  for i, event in ipairs(list) do names[i] = event.topic end
  return names
end

-- The error that a call raises.
local function failure(f, ...)
  local ok, problem = pcall(f, ...)
  assert.is_false(ok)
  return { code = errors.code(problem), message = errors.message(problem) }
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
      support.wait_until(function() return #list == 1 and #there == 1 end)
      local event = there[1]
      assert.equal(published.id, event.id)
      assert.equal("studio.hello", event.topic)
      assert.equal(1, event.data.n)
      assert.same({ "a", "b" }, { table.unpack(event.data.list) })
      assert.equal(one.event_hub.id, event.source.id)
      assert.equal(one.api_user, event.source.user.username)
      assert.is_string(event.source.user.id)
      assert.equal("", event.target)
      assert.is_nil(event.in_reply_to_event)
    end)

    it("tells of what is committed", function()
      local one <close> = tracker:session()
      local other <close> = tracker:session()
      local list, listener = collector()
      one.event_hub:subscribe("topic=ftrack.update", listener)
      local job = other:create("Job", { user = other:query("User"):first(), status = "running" })
      other:commit()
      local function is_told()
        for _, event in ipairs(list) do
          for _, entity in ipairs(event.data.entities) do
            if entity.entityId == job.id then return true end
          end
        end
        return false
      end
      support.wait_until(is_told)
    end)

    it("chooses by expressions and targets", function()
      local session <close> = tracker:session()
      local hub = session.event_hub
      local narrow, by_data = collector()
      local wide, by_wildcard = collector()
      local meant, by_target = collector()
      hub:subscribe("topic=studio.done and (data.kind=render or not data.shot=sh010)", by_data)
      hub:subscribe("topic=studio.*", by_wildcard)
      hub:subscribe("topic=studio.*", by_target, { subscriber = { id = "the-farm", role = "farm" } })
      hub:publish { topic = "studio.done", data = { kind = "render", shot = "sh010" } }
      hub:publish { topic = "studio.done", data = { kind = "sim", shot = "sh010" } }
      hub:publish { topic = "elsewhere.done" }
      hub:publish { topic = "studio.order", target = "role=farm" }
      hub:publish { topic = "studio.order", target = "role=desk" }
      hub:publish { topic = "studio.last" }
      support.wait_until(function() return #wide > 0 and wide[#wide].topic == "studio.last" end)
      assert.same({ "studio.done" }, topics(narrow))
      assert.same({ "studio.done", "studio.done", "studio.last" }, topics(wide))
      assert.same({ "studio.done", "studio.done", "studio.order", "studio.last" }, topics(meant))
    end)

    it("passes replies on: of every listener, and those that are made by hand", function()
      local one <close> = tracker:session()
      local other <close> = tracker:session()
      local replies, on_reply = collector()
      other.event_hub:subscribe("topic=studio.sum", function(event)
        return { sum = event.data[1] + event.data[2] }
      end, { subscriber = { id = "adder-" .. other.event_hub.id, name = "adder" } })
      other.event_hub:subscribe("topic=studio.sum", function(event)
        other.event_hub:publish_reply(event, { sum = "many" }, { name = "by hand" })
      end)
      local question = one.event_hub:publish({ topic = "studio.sum", data = { 1, 2 } }, { on_reply = on_reply })
      support.wait_until(function() return #replies == 2 end)
      table.sort(replies, function(a, b) return tostring(a.data.sum) < tostring(b.data.sum) end)
      assert.equal(3, replies[1].data.sum)
      assert.equal("adder", replies[1].source.name)
      assert.equal(question.id, replies[1].in_reply_to_event)
      assert.equal("ftrack.meta.reply", replies[1].topic)
      assert.equal("by hand", replies[2].source.name)
    end)

    it("calls listeners by priority until one stops the event, one event after the other", function()
      local session <close> = tracker:session()
      local hub = session.event_hub
      local calls = {}
      local function note(name, act)
        return function(event)
          calls[#calls + 1] = name .. event.data.n
          if act then act(event) end
        end
      end
      hub:subscribe("topic=studio.work", note "late", { priority = 200 })
      hub:subscribe("topic=studio.work", note("stopper", function(event)
        if event.data.n == 2 then event:stop() end
      end))
      hub:subscribe("topic=studio.work", note("slow", function() task.sleep(0.05) end), { priority = 1 })
      hub:publish { topic = "studio.work", data = { n = 1 } }
      hub:publish { topic = "studio.work", data = { n = 2 } }
      hub:publish { topic = "studio.work", data = { n = 3 } }
      support.wait_until(function() return calls[#calls] == "late3" end)
      assert.equal("slow1 stopper1 late1 slow2 stopper2 slow3 stopper3 late3", table.concat(calls, " "))
    end)

    it("lets listeners wait, also for replies", function()
      local session <close> = tracker:session()
      local hub = session.event_hub
      local answer
      hub:subscribe("topic=studio.inner", function() return { ok = true } end)
      local other <close> = tracker:session()
      other.event_hub:subscribe("topic=studio.outer", function()
        local user = other:query("User"):first()
        local reply = task.await(function(resume)
          task.spawn(function()
            other.event_hub:publish({ topic = "studio.inner" }, { on_reply = resume })
          end)
        end)
        answer = { user = user.username, ok = reply.data.ok }
      end)
      hub:publish { topic = "studio.outer" }
      support.wait_until(function() return answer end)
      assert.is_string(answer.user)
      assert.is_true(answer.ok)
    end)

    it("ends subscriptions: by handle, by id, with their scope", function()
      local session <close> = tracker:session()
      local hub = session.event_hub
      local list, listener = collector()
      local first = hub:subscribe("topic=studio.sub", listener)
      hub:subscribe("topic=studio.sub", listener, { subscriber = { id = "second-" .. hub.id } })
      do
        local third <close> = hub:subscribe("topic=studio.sub", listener)
        assert.truthy(tostring(third):find("topic=studio.sub", 1, true))
      end
      hub:unsubscribe(first)
      hub:unsubscribe("second-" .. hub.id)
      hub:subscribe("topic=studio.end", listener)
      hub:publish { topic = "studio.sub" }
      hub:publish { topic = "studio.end" }
      support.wait_until(function() return #list > 0 end)
      assert.same({ "studio.end" }, topics(list))
      local err = failure(hub.unsubscribe, hub, first)
      assert.equal("not_found", err.code)
    end)

    it("calls local listeners at once for synchronous events", function()
      local session <close> = tracker:session()
      local hub = session.event_hub
      hub:subscribe("topic=studio.local", function(event) return event.data.n + 1 end, { connect = false })
      hub:subscribe("topic=studio.local", function() return nil end, { connect = false })
      hub:subscribe("topic=studio.local", function(event) return event.data.n + 2 end, { connect = false })
      assert.same({ 2, 3 }, hub:publish({ topic = "studio.local", data = { n = 1 } }, { synchronous = true }))
      assert.is_false(hub.connected)
    end)

    it("refuses what is wrong, and names it", function()
      local session <close> = tracker:session()
      local hub = session.event_hub
      local err = failure(hub.publish, hub, { topik = "x" })
      assert.same({ "usage", "an event has no 'topik'; did you mean 'topic'?" }, { err.code, err.message })
      assert.equal("usage", failure(hub.publish, hub, { data = {} }).code)
      assert.equal("usage", failure(hub.publish, hub, { topic = "x" }, { on_replies = print }).code)
      assert.equal("parse", failure(hub.subscribe, hub, "topic=", print).code)
      assert.equal("usage", failure(hub.subscribe, hub, "topic=x").code)
      hub:subscribe("topic=x", print, { subscriber = { id = "me" }, connect = false })
      assert.equal("not_unique", failure(hub.subscribe, hub, "topic=x", print, { subscriber = { id = "me" } }).code)
      assert.equal("limit", failure(hub.publish, hub, { topic = "x", data = { text = ("x"):rep(1000001) } }).code)
      hub:publish { topic = "y", data = { text = ("x"):rep(900000) } }
    end)

    it("waits, connects and disconnects", function()
      local session <close> = tracker:session()
      local hub = session.event_hub
      local list, listener = collector()
      assert.is_false(hub.connected)
      hub:connect()
      hub:connect()
      assert.is_true(hub.connected)
      hub:wait(0.05)
      hub:subscribe("topic=studio.again", listener)
      hub:disconnect { unsubscribe = false }
      assert.is_false(hub.connected)
      hub:disconnect()
      hub:subscribe("topic=studio.again", listener)
      local waiter = task.spawn(hub.wait, hub)
      hub:publish { topic = "studio.again" }
      support.wait_until(function() return #list == 1 end)
      assert.equal("waiting", waiter:status())
      hub:disconnect()
      waiter:wait()
    end)

    it("ends with its session", function()
      local session <close> = tracker:session()
      local hub = session.event_hub
      local waiter = task.spawn(hub.wait, hub)
      support.wait_until(function() return hub.connected end)
      session:close()
      assert.is_false(hub.connected)
      waiter:join()
      assert.equal("closed", failure(hub.publish, hub, { topic = "x" }).code)
      assert.is_nil(hub:publish({ topic = "x" }, { on_error = "ignore" }))
    end)

    it("carries what is not ASCII, nothing, and numbers as they are", function()
      local session <close> = tracker:session()
      local hub = session.event_hub
      local list, listener = collector()
      hub:subscribe('topic="studio.värld"', listener)
      hub:publish { topic = "studio.värld", data = { text = "Grüße 🎬 \0 \"", big = 9007199254740993, half = 0.5,
        yes = true, none = {} } }
      support.wait_until(function() return #list == 1 end)
      assert.same({ text = "Grüße 🎬 \0 \"", big = 9007199254740993, half = 0.5, yes = true, none = {} }, list[1].data)
    end)
  end)
end

describe("the event hub", function()
  it("joins the processes of a data folder: embedded sessions and the clients of a server", function()
    local tracker <close> = trackers.start "http"
    local remote <close> = tracker:session()
    local embedded <close> = moonshift.session { data = tracker.folder.path }
    local here, here_listener = collector()
    local there, there_listener = collector()
    remote.event_hub:subscribe("topic=studio.*", here_listener)
    embedded.event_hub:subscribe("topic=studio.*", there_listener)
    embedded.event_hub:publish { topic = "studio.from-embedded" }
    support.wait_until(function() return #here == 1 and #there == 1 end)
    remote.event_hub:publish { topic = "studio.from-remote" }
    support.wait_until(function() return #here == 2 and #there == 2 end)
    assert.same({ "studio.from-embedded", "studio.from-remote" }, topics(there))
    local replies, on_reply = collector()
    remote.event_hub:subscribe("topic=question", function() return { from = "remote" } end)
    embedded.event_hub:publish({ topic = "question" }, { on_reply = on_reply })
    support.wait_until(function() return #replies == 1 end)
    assert.equal("remote", replies[1].data.from)
  end)

  it("looks at the journal while there are subscriptions, and no longer", function()
    local tracker <close> = trackers.start "embedded"
    local session <close> = tracker:session()
    local hub = session.event_hub
    local list, listener = collector()
    local first = hub:subscribe("topic=studio.*", listener)
    local second = hub:subscribe("topic=studio.*", listener)
    hub:unsubscribe(first)
    hub:publish { topic = "studio.one" }
    support.wait_until(function() return #list == 1 end)
    hub:unsubscribe(second)
    hub:publish { topic = "studio.missed" }
    hub:subscribe("topic=studio.*", listener)
    hub:publish { topic = "studio.two" }
    support.wait_until(function() return #list == 2 end)
    assert.same({ "studio.one", "studio.two" }, topics(list))
  end)

  it("raises what the server refuses, and goes on", function()
    local tracker <close> = trackers.start "http"
    local session <close> = tracker:session()
    local hub = session.event_hub
    local list, listener = collector()
    local huge = { subscriber = { text = ("x"):rep(100000) } }
    assert.equal("server", failure(hub.subscribe, hub, "topic=studio.x", listener, huge).code)
    hub:subscribe("topic=studio.x", listener)
    assert.equal("server", failure(hub.subscribe, hub, "topic=studio.x", listener, huge).code)
    assert.equal("server", failure(hub.publish, hub, { topic = "studio.x", target = "no expression" }).code)
    hub:publish { topic = "studio.x" }
    support.wait_until(function() return #list == 1 end)
  end)

  it("ends with the program, whatever was left open", function()
    local tracker <close> = trackers.start "http"
    local script = support.write(tracker.folder.path .. "/script.lua", [[
      local hub = require "moonshift".session().event_hub
      hub:subscribe("topic=*", function() while true do require "moonshift".sleep(1) end end)
      hub:publish({ topic = "studio.x" }, { on_reply = print })
      require "moonshift".sleep(0.05)
      print "ended"
    ]])
    for _, data in ipairs { false, tracker.folder.path .. "/other" } do
      local environment = tracker:environment()
      if data then environment = { FTRACK_SERVER = false, MOONSHIFT_DATA = data } end
      local result = support.run { "run", script, environment = environment }
      assert.equal("ended\n", result.stdout)
      assert.equal("", result.stderr)
      assert.equal(0, result.exit_code)
    end
  end)

  it("comes back with its subscriptions when the server does, and gives up when it is hopeless", function()
    local folder <close> = support.folder()
    local server = support.serve { data = folder.path, listen = support.own_address() .. ":0" }
    local address = server.url:match "//(.*)"
    local session <close> = moonshift.session {
      server_url = server.url, api_user = server.environment.FTRACK_API_USER,
      api_key = server.environment.FTRACK_API_KEY,
    }
    local hub = session.event_hub
    local list, listener = collector()
    hub:subscribe("topic=studio.back", listener)
    hub:subscribe("topic=ftrack.meta.*", listener, { connect = false })
    getmetatable(server).__close(server)
    support.wait_until(function() return not hub.connected end)
    local waiter
    do
      local again <close> = support.serve { data = folder.path, listen = address }
      support.wait_until(function() return hub.connected end)
      hub:publish { topic = "studio.back" }
      support.wait_until(function() return #list > 0 and list[#list].topic == "studio.back" end)
      assert.is_nil(again.exit_code)
      waiter = task.spawn(pcall, hub.wait, hub)
      task.sleep(0) -- it has begun to wait while the hub is connected
    end
    support.wait_until(function() return not hub.connected end)
    local other <close> = support.folder()
    local stranger <close> = support.serve { data = other.path, listen = address }
    local ok, problem = waiter:wait()
    assert.is_false(ok)
    assert.equal("authentication", errors.code(problem))
    support.wait_until(function() return list[#list].topic == "ftrack.meta.disconnected" end)
    assert.is_nil(stranger.exit_code)
  end)

  it("reports an error in a listener with its traceback, and goes on", function()
    local folder <close> = support.folder()
    local script = support.write(folder.path .. "/listener.lua", [[
      local session <close> = require "moonshift".session()
      local hub = session.event_hub
      local function broken() error "the listener is broken" end
      hub:subscribe("topic=studio.x", function() broken() end, { priority = 1 })
      hub:subscribe("topic=studio.x", function() print "called" hub:disconnect() end)
      hub:publish { topic = "studio.x" }
      hub:wait(120)
      print "ended"
    ]])
    local result = support.run {
      "run", script,
      environment = { MOONSHIFT_DATA = folder.path .. "/data", FTRACK_SERVER = false, XDG_CONFIG_HOME = folder.path },
    }
    assert.equal("called\nended\n", result.stdout)
    assert.truthy(result.stderr:find("error in a listener (topic=studio.x)", 1, true))
    assert.truthy(result.stderr:find("listener.lua:3: the listener is broken", 1, true))
    assert.truthy(result.stderr:find "stack traceback:.*broken")
    assert.equal(0, result.exit_code)
  end)
end)
