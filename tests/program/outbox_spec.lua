-- A run whose tracker is away: the command runs, and when the tracker is back the job is as if it had never
-- been gone.

local cjson = require "cjson"
local support = require "support"
local system = require "moonshift.core.system"
local task = require "moonshift.task"
local uv = require "luv"

-- A tracker that can be stopped and started at the same address with the same data.
local Tracker = {}
Tracker.__index = Tracker

function Tracker:start()
  self.server = support.serve { data = self.folder.path .. "/data", listen = self.listen }
  self.listen = self.server.url:match "^http://(.*)$"
  for name, value in pairs(self.server.environment) do self.environment[name] = value end
end

function Tracker:stop()
  self.server:kill "sigterm"
  self.server:wait()
end

function Tracker:__close()
  if not self.server.exit_code then self:stop() end
  local closing <close> = self.folder
end

local function new_tracker()
  local tracker = setmetatable({ folder = support.folder(), environment = {} }, Tracker)
  tracker.environment.XDG_STATE_HOME = tracker.folder.path .. "/state"
  tracker:start()
  return tracker
end

-- ---- what is asked of it ---------------------------------------------------------------------------

function Tracker:options(arguments)
  arguments.environment = self.environment
  arguments.cwd = self.folder.path
  return arguments
end

function Tracker:run(arguments)
  return support.run(self:options(arguments))
end

local function decode_lines(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = cjson.decode(line) end
  return list
end

function Tracker:entries()
  return decode_lines(self:run({ "outbox", "list", "--json" }).stdout)
end

function Tracker:jobs()
  return decode_lines(self:run({ "jobs", "--json" }).stdout)
end

function Tracker:only_job()
  local jobs = self:jobs()
  assert.equal(1, #jobs)
  return jobs[1]
end

local function attachment_names(job)
  local names = {}
  for i, file in ipairs(job.attachments) do names[i] = file.name end
  table.sort(names)
  return names
end

local function number(entry)
  return ("%d"):format(entry.sequence)
end

describe("a tracker that is away", function()
  it("does not stop a command, and hears of it later", function()
    local tracker <close> = new_tracker()
    tracker:stop()
    local run = tracker:run {
      "wrap", "--description", "Encode", "--attach", "*.txt", "--", "sh", "-c",
      "echo frame > a.txt; echo said; exit 3",
    }
    assert.equal(3, run.exit_code)
    assert.equal("said\n", run.stdout)
    assert.matches("cannot be reached; 4 operations wait in the outbox", run.stderr)
    assert.equal(4, #tracker:entries())
    assert.matches("Encode: running", tracker:run({ "outbox" }).stdout)

    tracker:start()
    local sent = tracker:run { "outbox", "send" }
    assert.equal("4 operations delivered\n", sent.stdout)
    assert.equal(0, sent.exit_code, sent.stderr)
    local job = tracker:only_job()
    assert.equal("failed", job.status)
    assert.equal("exit code 3", job.data.reason)
    assert.equal(3, job.data.exit_code)
    assert.same({ "a.txt", "output.log" }, attachment_names(job))
    assert.equal(0, tracker:run({ "download", job.id, "-o", "back" }).exit_code)
    assert.equal("frame\n", support.read(tracker.folder.path .. "/back/a.txt"))
    assert.matches("said", support.read(tracker.folder.path .. "/back/output.log"))
    assert.same({}, tracker:entries())
    assert.is_nil(uv.fs_scandir_next(uv.fs_scandir(tracker.folder.path .. "/state/moonshift/logs")))
  end)

  it("hears of it from whatever moonshift comes next", function()
    local tracker <close> = new_tracker()
    tracker:stop()
    tracker:run { "wrap", "--quiet", "--", "true" }
    tracker:start()
    assert.equal("done", tracker:only_job().status)
    assert.same({}, tracker:entries())
  end)

  it("may go in the middle of a run", function()
    local tracker <close> = new_tracker()
    local run = support.start(tracker:options {
      "wrap", "--description", "Render", "--attach", "b.txt", "--", "sh", "-c",
      "echo started; until test -e go; do sleep 0.05; done; echo out > b.txt",
    })
    run:wait_for "started"
    tracker:stop()
    support.write(tracker.folder.path .. "/go", "")
    run:wait()
    assert.equal(0, run.exit_code)
    assert.matches("operations wait in the outbox", run.stderr)
    tracker:start()
    assert.equal(0, tracker:run({ "outbox", "send" }).exit_code)
    local job = tracker:only_job()
    assert.equal("done", job.status)
    assert.same({ "b.txt" }, attachment_names(job))
  end)

  it("hears of what the command itself attached", function()
    local tracker <close> = new_tracker()
    tracker:stop()
    local run = tracker:run {
      "wrap", "--quiet", "--", "sh", "-c", 'echo frame > a.txt; "$0" attach "$MOONSHIFT_JOB_ID" a.txt',
      system.program(),
    }
    assert.equal(0, run.exit_code)
    assert.matches("a.txt %(6 B%) waits in the outbox", run.stdout)
    tracker:start()
    local job = tracker:only_job()
    assert.equal("done", job.status)
    assert.same({ "a.txt" }, attachment_names(job))
  end)

  it("hears that a run was killed meanwhile", function()
    local tracker <close> = new_tracker()
    tracker:stop()
    local run = support.start(tracker:options { "wrap", "--", "sh", "-c", "echo started; sleep 60" })
    run:wait_for "started"
    run:kill "sigkill"
    run:wait()
    tracker:start()
    tracker:run { "wrap", "--quiet", "--description", "next", "--", "true" }
    local found
    for _, job in ipairs(tracker:jobs()) do
      if job.data.description ~= "next" then found = job end
    end
    assert.equal("failed", found.status)
    assert.matches("stopped", found.data.reason)
  end)

  it("is told once, however often the teller is killed", function()
    local tracker <close> = new_tracker()
    tracker:stop()
    for i = 1, 4 do
      support.write(("%s/file%d.txt"):format(tracker.folder.path, i), ("x"):rep(100000 * i))
    end
    tracker:run { "wrap", "--quiet", "--attach", "*.txt", "--log", "always", "--", "echo", "said" }
    tracker:start()
    for i = 1, 20 do
      local teller <close> = support.start(tracker:options { "outbox", "send" })
      task.sleep(0.01 * i)
      teller:kill "sigkill"
    end
    tracker:run { "outbox", "send" }
    local job = tracker:only_job()
    assert.equal("done", job.status)
    assert.same({ "file1.txt", "file2.txt", "file3.txt", "file4.txt", "output.log" }, attachment_names(job))
    assert.same({}, tracker:entries())
  end)

  it("refuses a file that was changed meanwhile, and takes the rest", function()
    local tracker <close> = new_tracker()
    tracker:stop()
    tracker:run {
      "wrap", "--quiet", "--attach", "*.txt", "--", "sh", "-c", "echo 1 > a.txt; echo 2 > b.txt; echo 3 > c.txt",
    }
    support.write(tracker.folder.path .. "/a.txt", "other")
    assert(uv.fs_unlink(tracker.folder.path .. "/b.txt"))
    tracker:start()
    local sent = tracker:run { "outbox", "send" }
    assert.equal(1, sent.exit_code)
    assert.matches("2 operations refused", sent.stderr)
    local job = tracker:only_job()
    assert.equal("done", job.status)
    assert.same({ "c.txt" }, attachment_names(job))
    local refused = tracker:entries()
    assert.matches("changed after it was attached", refused[1].error)
    assert.matches("no such file", refused[2].error)

    support.write(tracker.folder.path .. "/b.txt", "2\n")
    assert.matches("1 operation delivered", tracker:run({ "outbox", "send", number(refused[2]) }).stdout)
    assert.same({ "b.txt", "c.txt" }, attachment_names(tracker:only_job()))
    assert.matches("dropped", tracker:run({ "outbox", "drop", number(refused[1]) }).stdout)
    assert.same({}, tracker:entries())
  end)

  it("refuses the job of a user that it does not have", function()
    local tracker <close> = new_tracker()
    tracker:stop()
    tracker:run { "wrap", "--quiet", "--user", "nobody-here", "--", "true" }
    tracker:run { "wrap", "--quiet", "--", "true" }
    tracker:start()
    local sent = tracker:run { "outbox", "send" }
    assert.equal(1, sent.exit_code)
    assert.equal("done", tracker:only_job().status)
    assert.matches("no user 'nobody%-here'", tracker:run({ "outbox" }).stdout)
  end)

  it("and no state folder either: says so before the command starts", function()
    local tracker <close> = new_tracker()
    tracker:stop()
    support.write(tracker.environment.XDG_STATE_HOME .. "/moonshift", "a file")
    local run = tracker:run { "wrap", "--", "touch", "ran" }
    assert.equal(1, run.exit_code)
    assert.matches("outbox cannot take 'touch ran: running' for later", run.stderr)
    assert.is_nil(uv.fs_stat(tracker.folder.path .. "/ran"))
  end)
end)

describe("a state folder that cannot be used", function()
  it("keeps no command from running while the tracker is there", function()
    local tracker <close> = new_tracker()
    support.write(tracker.environment.XDG_STATE_HOME .. "/moonshift", "a file")
    support.write(tracker.folder.path .. "/a.txt", "out")
    local run = tracker:run { "wrap", "--attach", "a.txt", "--", "sh", "-c", "echo said; exit 4" }
    assert.equal(4, run.exit_code)
    assert.equal("said\n", run.stdout)
    assert.matches("output will not be kept", run.stderr)
    local job = tracker:only_job()
    assert.equal("exit code 4", job.data.reason)
    assert.same({ "a.txt" }, attachment_names(job))
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
