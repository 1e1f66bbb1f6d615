--- One attempt of a command, looked after: its progress is told, its time is limited, and it ends with
--- everything that it started when we are told to stop or somebody cancels its job.

local uv = require "luv"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local task = require "moonshift.task"

---@class moonshift.supervisor
local supervisor = {}

local GRACE_S = 10 -- between TERM and KILL, when the options do not say
local BEAT_S = 0.5
local CANCEL_LOOK_S = 2 -- between looks whether somebody ended the job
local LOOK_S = 0.05
local SIGTERM, SIGKILL, SIGWINCH = uv.constants.SIGTERM, uv.constants.SIGKILL, uv.constants.SIGWINCH

-- ---- timers ----------------------------------------------------------------------------------------

-- Timers and signal handlers on the loop that end with their scope. Callbacks must not wait.
local function new_watchers()
  local handles = {}
  local watchers = {}
  function watchers.after(delay_s, repeat_s, callback)
    local handle = uv.new_timer()
    handles[#handles + 1] = handle
    handle:start(math.ceil(delay_s * 1000), math.ceil(repeat_s * 1000), callback)
  end
  function watchers.on_signal(number, callback)
    local handle = uv.new_signal()
    handles[#handles + 1] = handle
    handle:start(number, callback)
  end
  return setmetatable(watchers, { __close = function()
    for _, handle in ipairs(handles) do handle:close() end
  end })
end

-- ---- telling and listening -------------------------------------------------------------------------

-- Tells the job's progress now and then, and calls `cancel(reason)` when somebody else ended the job. The
-- task ends with the command. A tracker that cannot be reached for a while does not disturb it.
local function beat(run, command, options, cancel)
  local warned = false
  local looked = uv.hrtime()
  local function tell()
    local output = command:tail()
    local fraction, phase = options.read_progress(output)
    if fraction or phase then run.job:progress(fraction, phase) end
    run.job:show_output(output)
    run.job:beat()
    if (uv.hrtime() - looked) / 1e9 < CANCEL_LOOK_S then return end
    looked = uv.hrtime()
    local reason = run.job:ended_elsewhere()
    if reason then cancel(reason) end
  end
  return task.spawn(function()
    while not command.ended do
      task.sleep(BEAT_S)
      local ok, err = pcall(tell)
      if not ok and errors.code(err) == "cancelled" then error(err, 0) end
      if not ok and not warned then
        errors.warn(("progress could not be told: %s"):format(errors.message(err)))
        warned = true
      end
    end
  end)
end

-- What a stopped command leaves behind ends too: politely, then not.
local function end_leftovers(command, grace_s)
  local deadline = uv.hrtime() + grace_s * 1e9
  if command:signal_tree(SIGTERM) == 0 then return end
  while command:signal_tree(0) > 0 and uv.hrtime() < deadline do task.sleep(LOOK_S) end
  command:signal_tree(SIGKILL)
end

-- Waits for the command. The time limit, a signal to us and a cancelled job ask its group to end, and
-- after the grace period end everything that it started.
local function wait(run, command, options)
  local watchers <close> = new_watchers()
  local grace_s = options.grace or GRACE_S
  local function stop(signal)
    command:signal(signal)
    watchers.after(grace_s, 1, function() command:signal_tree(SIGKILL) end)
  end
  local telling <close> = beat(run, command, options, function(reason)
    if run.cancelled then return end
    run.cancelled = reason
    command:note("moonshift: " .. reason)
    stop(SIGTERM)
  end)
  watchers.on_signal(SIGWINCH, function() command:resize() end)
  if options.timeout then
    watchers.after(options.timeout, 0, function()
      run.timed_out = options.timeout
      stop(SIGTERM)
    end)
  end
  local ok, result = pcall(command.wait, command)
  if not ok then
    if errors.code(result) ~= "cancelled" then error(result, 0) end
    run.interrupted = result.signal or SIGTERM
    stop(run.interrupted)
    result = command:wait()
  end
  if run.interrupted or run.timed_out or run.cancelled then end_leftovers(command, grace_s) end
  return result
end

-- ---- an attempt ------------------------------------------------------------------------------------

local function start(run, options)
  local environment = { MOONSHIFT_JOB_ID = run.job.id }
  for name, value in pairs(options.environment or {}) do environment[name] = value end
  return core.command {
    arguments = options.arguments,
    environment = environment,
    cwd = options.cwd,
    log = run.log_path,
    log_append = run.attempt > 1,
    log_limit = options.log_limit,
    secrets = run.secrets,
    nice = options.nice,
    memory_max = options.memory_max,
    quiet = options.quiet_output,
  }
end

--- Runs the command once and notes in `run` how it ended.
---@param run moonshift.Run With `job`, `attempt`, `log_path` and `secrets`.
---@param options moonshift.wrap.Options
function supervisor.attempt(run, options)
  run.start_error, run.result, run.timed_out = nil, nil, nil
  local ok, command = pcall(start, run, options)
  if not ok then
    run.start_error = command
    return
  end
  local closing <close> = command
  if run.attempt > 1 then command:note(("moonshift: attempt %d"):format(run.attempt)) end
  run.job:supervise(command.pid, command.start_ticks)
  run.result = wait(run, command, options)
  local _, log_error = command:finish_log()
  if log_error then errors.warn(log_error) end
end

--- Becomes the process that orphans of commands are handed to, so that all of a stopped command ends.
function supervisor.adopt_orphans()
  core.become_subreaper()
end

return supervisor
