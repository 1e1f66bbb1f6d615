local task = require "moonshift.task"

describe("a task", function()
  it("gives its results to wait", function()
    local worker = task.spawn(function(a) task.sleep(0.01) return a, nil, 3 end, 1)
    assert.same({ 1, nil, 3 }, { worker:wait() })
  end)
end)
