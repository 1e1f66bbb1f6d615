-- The coroutine library that scripts see: Lua's, with waits passing through.
local task = require "moonshift.task"

describe("a coroutine of the script's own", function()
  it("may wait: its consumer never notices", function()
    local function numbers()
      for i = 1, 3 do
        task.sleep(0.001)
        coroutine.yield(i, i * 10)
      end
      task.sleep(0)
      return "end"
    end
    local co = coroutine.create(numbers)
    assert.same({ true, 1, 10 }, { coroutine.resume(co) })
    assert.same({ true, 2, 20 }, { coroutine.resume(co) })
    assert.same({ true, 3, 30 }, { coroutine.resume(co) })
    assert.same({ true, "end" }, { coroutine.resume(co) })
    assert.same({ false, "cannot resume dead coroutine" }, { coroutine.resume(co) })
    local sum = 0
    for i in coroutine.wrap(numbers) do sum = sum + (tonumber(i) or 0) if i == "end" then break end end
    assert.equal(6, sum)
  end)

  it("lets other tasks go on while it waits", function()
    local order = {}
    local worker = task.spawn(function() order[#order + 1] = "worker" end)
    coroutine.wrap(function() task.sleep(0.01) order[#order + 1] = "generator" end)()
    assert.same({ "worker", "generator" }, order)
    worker:wait()
  end)

  it("gives values both ways", function()
    local echo = coroutine.wrap(function(a)
      while true do
        task.sleep(0)
        a = coroutine.yield(a)
      end
    end)
    assert.equal(1, echo(1))
    assert.equal("two", echo "two")
    assert.is_nil(echo(nil))
  end)

  it("fails as Lua's do", function()
    local co = coroutine.create(function() task.sleep(0) error({ code = 7 }) end)
    local ok, err = coroutine.resume(co)
    assert.is_false(ok)
    assert.equal(7, err.code)
    assert.equal("dead", coroutine.status(co))
    local wrapped = coroutine.wrap(function() task.sleep(0) error "bad" end)
    assert.matches("coroutine_spec.lua:%d+: bad$", select(2, pcall(wrapped)))
  end)

  it("is nested as deep as one likes", function()
    local function nested(depth)
      if depth == 0 then task.sleep(0) return "bottom" end
      return coroutine.wrap(nested)(depth - 1)
    end
    assert.equal("bottom", nested(50))
  end)

  it("ends with an error, not a crash, when it is nested without end", function()
    local function endless() return coroutine.wrap(endless)() end
    assert.error_matches(endless, "C stack overflow")
  end)

  it("cannot be resumed or closed by others while it waits", function()
    local finish
    local co = coroutine.create(function()
      task.await(function(resume) finish = resume end)
      return "over"
    end)
    local worker = task.spawn(function() return coroutine.resume(co) end)
    task.sleep(0)
    assert.equal("normal", coroutine.status(co))
    assert.same({ false, "cannot resume a coroutine that waits in another task" }, { coroutine.resume(co) })
    assert.error_matches(function() coroutine.close(co) end, "cannot close a coroutine that waits")
    finish()
    assert.same({ true, "over" }, { worker:wait() })
  end)

  it("may be closed otherwise", function()
    local closed
    local co = coroutine.create(function()
      local note <close> = setmetatable({}, { __close = function() closed = true end })
      coroutine.yield(note)
    end)
    coroutine.resume(co)
    assert.is_true(coroutine.close(co))
    assert.is_true(closed)
    assert.equal("dead", coroutine.status(co))
  end)
end)

describe("a task", function()
  it("counts as the main thread", function()
    assert.is_true(select(2, coroutine.running()))
    assert.is_false(coroutine.isyieldable())
    assert.has_error(function() coroutine.yield() end, "attempt to yield from outside a coroutine")
    coroutine.wrap(function()
      assert.is_false(select(2, coroutine.running()))
      assert.is_true(coroutine.isyieldable())
    end)()
  end)

  it("may wait in metamethods and protected calls", function()
    local lazy = setmetatable({}, {
      __index = function(_, key) task.sleep(0) return key end,
      __add = function() task.sleep(0) return "sum" end,
    })
    assert.equal("name", lazy.name)
    assert.equal("sum", lazy + 1)
    assert.same({ true, "x" }, { pcall(function() return lazy.x end) })
    assert.same({ false, "handled: bad" }, { xpcall(function()
      task.sleep(0)
      error("bad", 0)
    end, function(err) return "handled: " .. err end) })
  end)
end)

describe("error", function()
  it("refuses nil, which closing variables could not tell from a normal end", function()
    assert.error_matches(function() error() end, "error was called with nil")
    assert.error_matches(function() error(nil, 2) end, "error was called with nil")
  end)

  it("is Lua's otherwise", function()
    local value = {}
    assert.equal(value, select(2, pcall(error, value)))
    assert.equal("plain", select(2, pcall(error, "plain", 0)))
    assert.matches("coroutine_spec.lua:%d+: placed$", select(2, pcall(function() error "placed" end)))
  end)
end)

describe("xpcall and pcall", function()
  it("give arguments and results on", function()
    assert.same({ n = 4, true, 1, nil, nil }, table.pack(pcall(function(...) return ... end, 1, nil, nil)))
    assert.same({ n = 3, true, 1, nil }, table.pack(xpcall(function(...) return ... end, print, 1, nil)))
    assert.has_error(function() xpcall(print) end)
  end)
end)
