local task = require "moonshift.task"
local uv = require "luv"

-- A closing variable that notes what it was closed with.
local function noting(notes, name)
  return setmetatable({}, { __close = function(_, err)
    notes[#notes + 1] = name .. ":" .. (err == nil and "end" or tostring(err))
  end })
end

describe("task.spawn", function()
  it("gives arguments on and results to wait, nils too", function()
    local worker = task.spawn(function(...) task.sleep(0) return select("#", ...), nil, 3, nil end, nil, 2, nil)
    assert.equal("ready", worker:status())
    assert.same({ n = 4, 3, nil, 3, nil }, table.pack(worker:wait()))
    assert.equal("done", worker:status())
  end)

  it("starts when the present task waits", function()
    local order = {}
    local worker = task.spawn(function() order[#order + 1] = "worker" end)
    order[#order + 1] = "main"
    worker:wait()
    assert.same({ "main", "worker" }, order)
  end)

  it("raises the error with that task's traceback", function()
    local function fail_deep_inside() error "worn out" end
    local worker = task.spawn(function() task.sleep(0) fail_deep_inside() end)
    local ok, err = pcall(worker.wait, worker)
    assert.is_false(ok)
    assert.matches("task_spec.lua:%d+: worn out$", err.message)
    assert.matches("fail_deep_inside", err.traceback)
    assert.equal("failed", worker:status())
    assert.equal(err, select(2, pcall(worker.wait, worker)))
  end)

  it("keeps an error value of the script's own", function()
    local own = { reason = 7 }
    local worker = task.spawn(function() error(own) end)
    local ok, err = pcall(worker.wait, worker)
    assert.is_false(ok)
    assert.equal(own, err.value)
  end)

  it("cannot wait for itself", function()
    local worker
    worker = task.spawn(function() worker:wait() end)
    assert.has_error(function() worker:wait() end, "a task cannot wait for its own end")
  end)

  it("runs many at once", function()
    local workers, at_once, most = {}, 0, 0
    for i = 1, 500 do
      workers[i] = task.spawn(function()
        at_once = at_once + 1
        most = math.max(most, at_once)
        task.sleep(0.1)
        at_once = at_once - 1
        return i
      end)
    end
    for i = 1, 500 do assert.equal(i, workers[i]:wait()) end
    assert.equal(500, most)
  end)
end)

describe("task:cancel", function()
  it("raises where the task waits, and runs what closes", function()
    local notes = {}
    local worker = task.spawn(function()
      local outer <close> = noting(notes, "outer")
      local inner <close> = noting(notes, "inner")
      task.sleep "1h"
      return outer, inner
    end)
    task.sleep(0)
    worker:cancel "not needed any more"
    local ok, err = pcall(worker.wait, worker)
    assert.is_false(ok)
    assert.equal("cancelled", err.code)
    assert.equal("not needed any more", err.message)
    assert.same({ "inner:not needed any more", "outer:not needed any more" }, notes)
  end)

  it("may be caught, once", function()
    local worker = task.spawn(function()
      local ok = pcall(task.sleep, "1h")
      task.sleep(0)
      return ok and "slept" or "caught"
    end)
    task.sleep(0)
    worker:cancel()
    assert.equal("caught", worker:wait())
  end)

  it("lets closing variables wait", function()
    local closed
    local worker = task.spawn(function()
      local slow <close> = setmetatable({}, { __close = function() task.sleep(0.02) closed = true end })
      task.sleep "1h"
      return slow
    end)
    task.sleep(0)
    worker:cancel()
    worker:join()
    assert.is_true(closed)
  end)

  it("never starts a task that has not begun", function()
    local ran = false
    local worker = task.spawn(function() ran = true end)
    worker:cancel()
    worker:join()
    assert.is_false(ran)
    assert.equal("failed", worker:status())
  end)

  it("does nothing to a task that has ended", function()
    local worker = task.spawn(function() return 1 end)
    worker:join()
    worker:cancel()
    assert.equal(1, worker:wait())
  end)

  it("reaches through coroutines of the script's own", function()
    local notes = {}
    local worker = task.spawn(function()
      for _ in coroutine.wrap(function()
        local inside <close> = noting(notes, "inside")
        task.sleep "1h"
        return inside
      end) do end
    end)
    task.sleep(0)
    worker:cancel "enough"
    worker:join()
    assert.same({ "inside:enough" }, notes)
  end)
end)

describe("a task in a <close> variable", function()
  it("is cancelled and has ended when the scope is left", function()
    local notes, worker = {}
    do
      local kept <close> = task.spawn(function()
        local resource <close> = noting(notes, "resource")
        task.sleep "1h"
        return resource
      end)
      worker = kept
      task.sleep(0)
    end
    assert.equal("failed", worker:status())
    assert.same({ "resource:the task was cancelled" }, notes)
  end)
end)

describe("task:join", function()
  it("tells whether the task has ended", function()
    local finish
    local worker = task.spawn(task.await, function(resume) finish = resume end)
    assert.is_false(worker:join(0.001))
    finish()
    assert.is_true(worker:join "60s")
    assert.is_true(worker:join(0))
  end)
end)

describe("task.sleep", function()
  it("refuses what is no duration", function()
    assert.has_error(function() task.sleep(-1) end)
    assert.has_error(function() task.sleep "soon" end)
    assert.has_error(function() task.sleep(0 / 0) end)
    assert.has_error(function() task.sleep {} end)
  end)

  it("works where Lua cannot yield", function()
    local list = { 3, 1, 2 }
    table.sort(list, function(a, b) task.sleep(0.001) return a < b end)
    assert.same({ 1, 2, 3 }, list)
  end)
end)

describe("task.await", function()
  it("returns what the callback was called with, later or at once", function()
    assert.same({ n = 3, 1, nil, nil }, table.pack(task.await(function(resume)
      local timer = uv.new_timer()
      timer:start(1, 0, function() timer:close() resume(1, nil, nil) end)
    end)))
    assert.equal("now", task.await(function(resume) resume "now" end))
  end)

  it("counts the first call alone", function()
    local again
    assert.equal(1, task.await(function(resume) assert.is_true(resume(1)) again = resume end))
    assert.is_false(again(2))
  end)

  it("raises what start raises", function()
    assert.has_error(function() task.await(function() error("no luck", 0) end) end, "no luck")
  end)

  it("says so where Lua cannot yield", function()
    local ok, err = pcall(table.sort, { 2, 1 }, function() return task.await(function() end) end)
    assert.is_false(ok)
    assert.equal("usage", err.code)
  end)

  it("ends with an error when nothing is left that could call back", function()
    local ok, err = pcall(task.await, function() end)
    assert.is_false(ok)
    assert.equal("cancelled", err.code)
    assert.matches("cannot happen any more", err.message)
  end)
end)

describe("task.parallel", function()
  it("keeps the order and the limit", function()
    local at_once, most = 0, 0
    local squares = task.parallel({ 1, 2, 3, 4, 5, 6, 7 }, { limit = 3 }, function(number, index)
      assert.equal(number, index)
      at_once = at_once + 1
      most = math.max(most, at_once)
      task.sleep(0.001 * (8 - number))
      at_once = at_once - 1
      return number * number
    end)
    assert.same({ 1, 4, 9, 16, 25, 36, 49 }, squares)
    assert.equal(3, most)
  end)

  it("takes no options, and no items", function()
    assert.same({ 2, 4 }, task.parallel({ 1, 2 }, function(number) return number * 2 end))
    assert.same({}, task.parallel({}, error))
  end)

  it("raises the first failure when the others have unwound", function()
    local notes = {}
    local function fail_alone() error("the second is bad", 0) end
    local ok, err = pcall(task.parallel, { 1, 2, 3, 4 }, { limit = 2 }, function(number)
      local note <close> = noting(notes, number)
      if number == 2 then task.sleep(0) fail_alone() end
      task.sleep "1h"
      return note
    end)
    assert.is_false(ok)
    assert.equal("the second is bad", err.message)
    assert.matches("fail_alone", err.traceback)
    table.sort(notes)
    assert.same({ "1:the task was cancelled", "2:the second is bad" }, notes)
  end)

  it("cancels its tasks when it is cancelled itself", function()
    local notes = {}
    local worker = task.spawn(task.parallel, { 1, 2 }, function(number)
      local note <close> = noting(notes, number)
      task.sleep "1h"
      return note
    end)
    task.sleep(0.01)
    worker:cancel "enough"
    worker:join()
    assert.equal(2, #notes)
  end)

  it("refuses unknown options and bad limits", function()
    assert.has_error(function() task.parallel({}, { limits = 2 }, print) end,
      "parallel: unknown option 'limits'; did you mean 'limit'?")
    assert.has_error(function() task.parallel({}, { limit = 0 }, print) end,
      "parallel: limit is a whole number from 1 on, not 0")
  end)
end)

describe("task.timeout", function()
  it("gives results when there is time", function()
    assert.same({ 1, nil, 3 }, { task.timeout("60s", function(...) task.sleep(0) return ... end, 1, nil, 3) })
  end)

  it("raises, and has closed what was open, when there is none", function()
    local notes = {}
    local ok, err = pcall(task.timeout, 0.01, function()
      local note <close> = noting(notes, "slow")
      task.sleep "1h"
      return note
    end)
    assert.is_false(ok)
    assert.equal("timeout", err.code)
    assert.equal("took longer than 0.01 s", err.message)
    assert.same({ "slow:took longer than 0.01 s" }, notes)
  end)

  it("raises the function's own error", function()
    assert.has_error(function() task.timeout("60s", error, { code = 1 }) end)
  end)
end)
