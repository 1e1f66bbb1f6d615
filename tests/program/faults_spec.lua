-- Whatever happens, a job tells the truth in the end. Runs are hit at random moments; when all is back, and
-- what waited is delivered, each job's state, reason, log and attachments are right, each is there once, and
-- no process, lease, log or entry of the outbox is left.
--
-- A few moments of each fault; twenty with MOONSHIFT_LONG=1.

local support = require "support"
local task = require "moonshift.task"
local uv = require "luv"
local workplace = require "workplace"

local RUNS = os.getenv "MOONSHIFT_LONG" and 20 or 5
local AT_A_TIME = 5
local CALM_RUN_S = 2.5 -- about as long as a run takes that nobody disturbs
local AWAY_S = 0.8

local STOPPED = "the machine or moonshift stopped while the job was running"
local CUT_SHORT = "the command ended well, but the machine or moonshift stopped before its outputs were attached"
local KILLED = "killed by signal 9, SIGKILL (out of memory?)"

-- ---- runs ------------------------------------------------------------------------------------------

local function some_time(most)
  return math.random() * most
end

-- Every second command fails by itself.
local function start_run(place, number)
  local run = { name = ("run %d"):format(number), exit_code = number % 2 == 0 and 0 or 3 }
  run.process = place:start {
    "wrap", "--quiet", "--description", run.name, "--attach", run.name .. ".txt", "--log", "always", "--",
    "sh", "-c", 'echo "pid $$"; sleep 0.3; echo out > "$0.txt"; sleep 0.3; echo last; exit "$1"',
    run.name, tostring(run.exit_code),
  }
  return run
end

local function job_of(place, run)
  local found
  for _, job in ipairs(place:jobs()) do
    if job.data.description == run.name then
      assert.is_nil(found, run.name .. " is there twice")
      found = job
    end
  end
  return found
end

-- ---- what may become of a run ----------------------------------------------------------------------

local function count(list, value)
  local n = 0
  for _, item in ipairs(list) do n = n + (item == value and 1 or 0) end
  return n
end

-- The job says how the command ended, and everything is attached.
local function check_undisturbed(place, run, job)
  assert.equal(run.exit_code, run.process.exit_code, run.process.stderr)
  assert.equal(run.exit_code == 0 and "done" or "failed", job.status)
  assert.equal(run.exit_code ~= 0 and "exit code 3" or nil, job.data.reason)
  assert.same({ "output.log", run.name .. ".txt" }, place.attachments(job))
  assert.equal("out\n", place:attachment(job, run.name .. ".txt"))
  assert.matches("Z pid %d+\n.*Z last\n$", place:attachment(job, "output.log"))
end

-- As above, but the log may be cut, or missing.
local function check_without_log(place, run, job)
  assert.equal(run.exit_code, run.process.exit_code, run.process.stderr)
  assert.equal(run.exit_code == 0 and "done" or "failed", job.status)
  assert.equal(run.exit_code ~= 0 and "exit code 3" or nil, job.data.reason)
  local names = place.attachments(job)
  assert.equal(1, count(names, run.name .. ".txt"))
  assert.is_true(count(names, "output.log") <= 1)
  assert.equal("out\n", place:attachment(job, run.name .. ".txt"))
end

-- Nobody was left to attach the outputs, but the reason is true, and what had been printed is there.
local function check_abandoned(place, run, job)
  if not job then
    assert.equal("", run.process.stdout, "the command ran, and there is no job")
    return
  end
  local reasons = run.exit_code == 0 and { [STOPPED] = true, [CUT_SHORT] = true }
    or { [STOPPED] = true, ["exit code 3"] = true }
  if job.status == "done" then
    assert.equal(0, run.exit_code)
  else
    assert.equal("failed", job.status)
    assert.is_true(reasons[job.data.reason], job.data.reason)
  end
  local names = place.attachments(job)
  assert.is_true(count(names, run.name .. ".txt") <= 1 and count(names, "output.log") <= 1)
  if run.process.stdout ~= "" then
    assert.matches("Z pid %d+\n", place:attachment(job, "output.log"))
  end
end

local function check_killed(place, run, job)
  if run.process.exit_code ~= 128 + 9 then return check_undisturbed(place, run, job) end
  assert.equal("failed", job.status)
  assert.equal(KILLED, job.data.reason)
  assert.equal(1, count(place.attachments(job), "output.log"))
end

-- ---- faults ----------------------------------------------------------------------------------------

-- What each does: either to a run (`strike_run`), or to what all runs share (`strike`, which returns what heals
-- it). `disk` is the folder that is on a small disk.
local FAULTS = {
  {
    name = "the wrapper is killed",
    check = check_abandoned,
    strike_run = function(run)
      task.sleep(some_time(CALM_RUN_S / 1.5))
      run.process:kill "sigkill"
    end,
  },
  {
    name = "the command is killed",
    check = check_killed,
    strike_run = function(run)
      local pid = tonumber(run.process:wait_for "pid (%d+)\n")
      task.sleep(some_time(0.7))
      if not run.process.exit_code then uv.kill(pid, "sigkill") end
    end,
  },
  {
    name = "the server is killed",
    check = check_undisturbed,
    strike = function(place)
      place:stop_server "sigkill"
      return function() place:start_server() end
    end,
  },
  {
    name = "the server stands still",
    check = check_undisturbed,
    strike = function(place)
      place.server:kill "sigstop"
      return function() place.server:kill "sigcont" end
    end,
  },
  {
    name = "the state's disk is full",
    check = check_without_log,
    disk = "state",
    strike = function(place) return workplace.fill(place.state:match "^(.*)/") end,
  },
  {
    name = "the server's disk is full",
    check = check_undisturbed,
    disk = "data",
    strike = function(place) return workplace.fill(place.data) end,
  },
}

-- ---- the table -------------------------------------------------------------------------------------

local outcomes = {} -- fault → how often each

local function note(fault, job)
  local outcome = not job and "no job, nothing ran" or job.status .. (job.data.reason and ": " .. job.data.reason or "")
  outcomes[fault.name] = outcomes[fault.name] or {}
  outcomes[fault.name][outcome] = (outcomes[fault.name][outcome] or 0) + 1
end

local function print_table()
  print "\n\nfault                        runs  what the jobs say in the end"
  for _, fault in ipairs(FAULTS) do
    local lines = {}
    for outcome, times in pairs(outcomes[fault.name] or { ["(no small disk can be mounted here)"] = 0 }) do
      lines[#lines + 1] = ("%4d  %s"):format(times, outcome)
    end
    table.sort(lines, function(a, b) return a > b end)
    for i, line in ipairs(lines) do print(("%-28s %s"):format(i == 1 and fault.name or "", line)) end
  end
end

-- ---- the specs -------------------------------------------------------------------------------------

-- Starts runs at random moments around the one of the fault, and waits for their ends.
local function run_through(place, fault)
  local numbers = {}
  for i = 1, RUNS do numbers[i] = i end
  return task.parallel(numbers, { limit = AT_A_TIME }, function(number)
    task.sleep(some_time(fault.strike and CALM_RUN_S or 0.2))
    local run = start_run(place, number)
    local closing <close> = run.process
    if fault.strike_run then fault.strike_run(run) end
    run.process:wait()
    return run
  end)
end

-- Strikes again and again while runs go on. As a <close> variable it ends, and all is healed.
local function keep_striking(place, fault)
  local is_over = false
  local striker = task.spawn(function()
    while not is_over do
      task.sleep(CALM_RUN_S / 2 + some_time(CALM_RUN_S / 2))
      local heal = fault.strike(place)
      task.sleep(AWAY_S)
      heal()
    end
  end)
  return setmetatable({}, { __close = function()
    is_over = true
    striker:wait()
  end })
end

local function disturb(place, fault)
  local closing <close> = fault.strike and keep_striking(place, fault) or nil
  return run_through(place, fault)
end

describe("faults at random moments", function()
  local seed = os.time()
  math.randomseed(seed)
  for _, fault in ipairs(FAULTS) do
    it(("leave true jobs: %s (seed %d)"):format(fault.name, seed), function()
      local disk <close> = fault.disk and support.disk "8M" or nil
      if fault.disk and not disk then return pending "no small disk can be mounted here" end
      local place <close> = workplace.new(disk and { [fault.disk] = disk.path } or {})
      local runs = disturb(place, fault)
      place:recover()
      for _, run in ipairs(runs) do
        local job = job_of(place, run)
        fault.check(place, run, job)
        note(fault, job)
      end
      assert.same({}, place:leftovers())
    end)
  end
  teardown(print_table)
end)
