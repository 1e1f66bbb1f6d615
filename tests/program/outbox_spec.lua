-- A run whose tracker is away: the command runs, and when the tracker is back the job is as if it had never
-- been gone.

local support = require "support"
local system = require "moonshift.core.system"
local task = require "moonshift.task"
local uv = require "luv"
local workplace = require "workplace"

local function number(entry)
  return ("%d"):format(entry.sequence)
end

describe("a tracker that is away", function()
  it("does not stop a command, and hears of it later", function()
    local place <close> = workplace.new()
    place:stop_server()
    local run = place:run {
      "wrap", "--description", "Encode", "--attach", "*.txt", "--", "sh", "-c",
      "echo frame > a.txt; echo said; exit 3",
    }
    assert.equal(3, run.exit_code)
    assert.equal("said\n", run.stdout)
    assert.matches("cannot be reached; 4 operations wait in the outbox", run.stderr)
    assert.equal(4, #place:entries())
    assert.matches("Encode: running", place:run({ "outbox" }).stdout)

    place:start_server()
    local sent = place:run { "outbox", "send" }
    assert.equal("4 operations delivered\n", sent.stdout)
    assert.equal(0, sent.exit_code, sent.stderr)
    local job = place:job()
    assert.equal("failed", job.status)
    assert.equal("exit code 3", job.data.reason)
    assert.equal(3, job.data.exit_code)
    assert.same({ "a.txt", "output.log" }, place.attachments(job))
    assert.equal(0, place:run({ "download", job.id, "-o", "back" }).exit_code)
    assert.equal("frame\n", support.read(place.path .. "/back/a.txt"))
    assert.matches("said", support.read(place.path .. "/back/output.log"))
    assert.same({}, place:entries())
    assert.is_nil(uv.fs_scandir_next(uv.fs_scandir(place.state .. "/logs")))
  end)

  it("hears of it from whatever moonshift comes next", function()
    local place <close> = workplace.new()
    place:stop_server()
    place:run { "wrap", "--quiet", "--", "true" }
    place:start_server()
    support.wait_until(function() -- each gives it a little of its time
      local job = place:jobs()[1]
      return job and job.status == "done"
    end)
    assert.equal("done", place:job().status)
    assert.same({}, place:entries())
  end)

  it("may go in the middle of a run", function()
    local place <close> = workplace.new()
    local run = place:start {
      "wrap", "--description", "Render", "--attach", "b.txt", "--", "sh", "-c",
      "echo started; until test -e go; do sleep 0.05; done; echo out > b.txt",
    }
    run:wait_for "started"
    place:stop_server()
    support.write(place.path .. "/go", "")
    run:wait()
    assert.equal(0, run.exit_code)
    assert.matches("operations wait in the outbox", run.stderr)
    place:start_server()
    assert.equal(0, place:run({ "outbox", "send" }).exit_code)
    local job = place:job()
    assert.equal("done", job.status)
    assert.same({ "b.txt" }, place.attachments(job))
  end)

  it("hears of what the command itself attached", function()
    local place <close> = workplace.new()
    place:stop_server()
    local run = place:run {
      "wrap", "--quiet", "--", "sh", "-c", 'echo frame > a.txt; "$0" attach "$MOONSHIFT_JOB_ID" a.txt',
      system.program(),
    }
    assert.equal(0, run.exit_code)
    assert.matches("a.txt %(6 B%) waits in the outbox", run.stdout)
    place:start_server()
    assert.equal(0, place:run({ "outbox", "send" }).exit_code)
    local job = place:job()
    assert.equal("done", job.status)
    assert.same({ "a.txt" }, place.attachments(job))
  end)

  it("hears that a run was killed meanwhile", function()
    local place <close> = workplace.new()
    place:stop_server()
    local run = place:start { "wrap", "--", "sh", "-c", "echo started; sleep 600" }
    run:wait_for "started"
    run:kill "sigkill"
    run:wait()
    place:start_server()
    place:run { "wrap", "--quiet", "--description", "next", "--", "true" }
    local reason
    support.wait_until(function()
      for _, job in ipairs(place:jobs()) do
        if job.data.description ~= "next" and job.status == "failed" then reason = job.data.reason end
      end
      return reason
    end)
    assert.matches("stopped", reason)
  end)

  it("is told once, however often the teller is killed", function()
    local place <close> = workplace.new()
    place:stop_server()
    for i = 1, 4 do
      support.write(("%s/file%d.txt"):format(place.path, i), ("x"):rep(100000 * i))
    end
    place:run { "wrap", "--quiet", "--attach", "*.txt", "--log", "always", "--", "echo", "said" }
    place:start_server()
    for i = 1, 20 do
      local teller <close> = place:start { "outbox", "send" }
      task.sleep(0.01 * i)
      teller:kill "sigkill"
    end
    place:run { "outbox", "send" }
    local job = place:job()
    assert.equal("done", job.status)
    assert.same({ "file1.txt", "file2.txt", "file3.txt", "file4.txt", "output.log" }, place.attachments(job))
    assert.same({}, place:entries())
  end)

  it("refuses a file that was changed meanwhile, and takes the rest", function()
    local place <close> = workplace.new()
    place:stop_server()
    place:run {
      "wrap", "--quiet", "--attach", "*.txt", "--", "sh", "-c", "echo 1 > a.txt; echo 2 > b.txt; echo 3 > c.txt",
    }
    support.write(place.path .. "/a.txt", "other")
    assert(uv.fs_unlink(place.path .. "/b.txt"))
    place:start_server()
    local sent = place:run { "outbox", "send" }
    assert.equal(1, sent.exit_code)
    assert.matches("2 operations refused", sent.stderr)
    local job = place:job()
    assert.equal("done", job.status)
    assert.same({ "c.txt" }, place.attachments(job))
    local refused = place:entries()
    assert.matches("changed after it was attached", refused[1].error)
    assert.matches("no such file", refused[2].error)

    support.write(place.path .. "/b.txt", "2\n")
    assert.matches("1 operation delivered", place:run({ "outbox", "send", number(refused[2]) }).stdout)
    assert.same({ "b.txt", "c.txt" }, place.attachments(place:job()))
    assert.matches("dropped", place:run({ "outbox", "drop", number(refused[1]) }).stdout)
    assert.same({}, place:entries())
  end)

  it("refuses the job of a user that it does not have", function()
    local place <close> = workplace.new()
    place:stop_server()
    place:run { "wrap", "--quiet", "--user", "nobody-here", "--", "true" }
    place:run { "wrap", "--quiet", "--", "true" }
    place:start_server()
    local sent = place:run { "outbox", "send" }
    assert.equal(1, sent.exit_code)
    assert.equal("done", place:job().status)
    assert.matches("no user 'nobody%-here'", place:run({ "outbox" }).stdout)
  end)

  it("and no state folder either: says so before the command starts", function()
    local place <close> = workplace.new()
    place:stop_server()
    support.write(place.state, "a file")
    local run = place:run { "wrap", "--", "touch", "ran" }
    assert.equal(1, run.exit_code)
    assert.matches("outbox cannot take 'touch ran: running' for later", run.stderr)
    assert.is_nil(uv.fs_stat(place.path .. "/ran"))
  end)
end)

describe("a state folder that cannot be used", function()
  it("keeps no command from running while the tracker is there", function()
    local place <close> = workplace.new()
    support.write(place.state, "a file")
    support.write(place.path .. "/a.txt", "out")
    local run = place:run { "wrap", "--attach", "a.txt", "--", "sh", "-c", "echo said; exit 4" }
    assert.equal(4, run.exit_code)
    assert.equal("said\n", run.stdout)
    assert.matches("output will not be kept", run.stderr)
    local job = place:job()
    assert.equal("exit code 4", job.data.reason)
    assert.same({ "a.txt" }, place.attachments(job))
  end)
end)

describe("moonshift outbox", function()
  it("says what is wrong with its arguments", function()
    for _, case in ipairs {
      { { "outbox", "burn" }, "unknown 'burn'" },
      { { "outbox", "drop" }, "ids of entries" },
      { { "outbox", "drop", "77" }, "no entry '77'" },
      { { "outbox", "drop", "x" }, "no entry 'x'" },
      { { "outbox", "list", "x" }, "unexpected 'x'" },
    } do
      local run = support.run(case[1])
      assert.equal(2, run.exit_code)
      assert.matches(case[2], run.stderr)
    end
  end)

  it("is empty on most days", function()
    local run = support.run { "outbox" }
    assert.equal(0, run.exit_code)
    assert.equal("", run.stdout)
  end)
end)
