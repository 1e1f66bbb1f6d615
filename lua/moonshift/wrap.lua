--- Any command as a job: run it, pass its output through, attach what it made, tell the truth at the end.

local uv = require "luv"
local component_core = require "moonshift.core.component"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local paths = require "moonshift.paths"
local progress = require "moonshift.progress"
local secrets = require "moonshift.secrets"
local task = require "moonshift.task"
local text = require "moonshift.text"
require "moonshift.job" -- session:job

---@class moonshift.wrap
local wrap = {}

---@class moonshift.wrap.Options
---@field arguments string[] The command and its arguments; no shell in between.
---@field description? string What people see; the command line when not given.
---@field name? string A short name, to find related runs by.
---@field attach? string[] Patterns of output files, relative to `cwd`.
---@field require_attach? boolean A pattern that matches nothing fails the job.
---@field log? "always"|"failure"|"never" When the output is attached; "failure" when not given.
---@field timeout? number Seconds until the command is ended.
---@field cwd? string
---@field environment? table<string, string>
---@field user? string Whose job it is: a username.
---@field quiet? boolean No lines of our own.
---@field quiet_output? boolean The command's output goes to the log alone.

local GRACE_S = 10 -- between TERM and KILL
local BEAT_S = 0.5
local LOOK_S = 0.05
local SIGTERM, SIGKILL = uv.constants.SIGTERM, uv.constants.SIGKILL

-- Exit codes as shells and timeout(1) use them.
local EXIT_TIMEOUT, EXIT_NOT_EXECUTABLE, EXIT_NOT_FOUND, EXIT_SIGNAL = 124, 126, 127, 128

local SIGNAL_NAMES = {}
for name, number in pairs(uv.constants) do
  if type(name) == "string" and name:find "^SIG%u" then SIGNAL_NAMES[number] = name end
end

-- ---- what is told ----------------------------------------------------------------------------------

local function say(options, message)
  if not options.quiet then io.stderr:write("moonshift: ", message, "\n") end
end

local function signal_name(number)
  return SIGNAL_NAMES[number] or ("signal %d"):format(number)
end

--- Why a run failed, for people; nil when it did not.
---@param run table What is known of the run.
---@return string?
function wrap.reason(run)
  if run.start_error then return errors.message(run.start_error) end
  if run.timed_out then return ("timed out after %s"):format(text.duration(run.timed_out)) end
  if run.interrupted then return ("stopped by %s"):format(signal_name(run.interrupted)) end
  local result = run.result
  if result.signal then
    local killed = result.signal == SIGKILL and " (out of memory?)" or ""
    return ("killed by signal %d, %s%s"):format(result.signal, signal_name(result.signal), killed)
  end
  if result.exit_code ~= 0 then return ("exit code %d"):format(result.exit_code) end
  return run.attach_error
end

--- The exit code that says the same.
---@param run table
---@return integer
function wrap.exit_code(run)
  if run.start_error then
    return errors.code(run.start_error) == "not_found" and EXIT_NOT_FOUND or EXIT_NOT_EXECUTABLE
  end
  if run.timed_out then return EXIT_TIMEOUT end
  if run.interrupted then return EXIT_SIGNAL + run.interrupted end
  if run.result.signal then return EXIT_SIGNAL + run.result.signal end
  if run.result.exit_code ~= 0 then return run.result.exit_code end
  return run.attach_error and 1 or 0
end

-- ---- running ---------------------------------------------------------------------------------------

-- Timers on the loop that end with their scope. Callbacks must not wait.
local function new_timers()
  local handles = {}
  local timers = {}
  function timers.start(delay_s, repeat_s, callback)
    local handle = uv.new_timer()
    handles[#handles + 1] = handle
    handle:start(math.ceil(delay_s * 1000), math.ceil(repeat_s * 1000), callback)
  end
  return setmetatable(timers, { __close = function()
    for _, handle in ipairs(handles) do handle:close() end
  end })
end

-- Tells the job's progress now and then; the task ends with the command. A tracker that cannot be
-- reached for a while does not disturb the command.
local function beat(job, command)
  local warned = false
  local function tell()
    local fraction, phase = progress.read(command:tail())
    if fraction or phase then job:progress(fraction, phase) end
    job:beat()
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
local function end_leftovers(command)
  local deadline = uv.hrtime() + GRACE_S * 1e9
  if command:signal_tree(SIGTERM) == 0 then return end
  while command:signal_tree(0) > 0 and uv.hrtime() < deadline do task.sleep(LOOK_S) end
  command:signal_tree(SIGKILL)
end

-- Waits for the command. The time limit and a signal to us ask its group to end, and after the grace
-- period end everything that it started.
local function supervise(run, command, options)
  local timers <close> = new_timers()
  local telling <close> = beat(run.job, command)
  local function stop(signal)
    command:signal(signal)
    timers.start(GRACE_S, 1, function() command:signal_tree(SIGKILL) end)
  end
  if options.timeout then
    timers.start(options.timeout, 0, function()
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
  if run.interrupted or run.timed_out then end_leftovers(command) end
  return result
end

local function start(run, options)
  local environment = { MOONSHIFT_JOB_ID = run.job.id }
  for name, value in pairs(options.environment or {}) do environment[name] = value end
  return core.command {
    arguments = options.arguments,
    environment = environment,
    cwd = options.cwd,
    log = run.log_path,
    secrets = run.secrets,
    quiet = options.quiet_output,
  }
end

local function execute(run, options)
  local ok, command = pcall(start, run, options)
  if not ok then
    run.start_error = command
    return
  end
  local closing <close> = command
  run.job:supervise(command.pid, command.start_ticks)
  run.result = supervise(run, command, options)
  local _, log_error = command:finish_log()
  if log_error then errors.warn(log_error) end
end

-- ---- attaching -------------------------------------------------------------------------------------

local function matches(pattern, cwd)
  if cwd and pattern:sub(1, 1) ~= "/" then pattern = cwd .. "/" .. pattern end
  return component_core.glob(pattern)
end

local function attach_outputs(run, options)
  for _, pattern in ipairs(options.attach or {}) do
    local found = matches(pattern, options.cwd)
    if #found == 0 and not run.failed then
      local message = ("output was not found: %s"):format(pattern)
      if options.require_attach then
        run.attach_error = run.attach_error or message
      else
        errors.warn(message)
      end
    end
    for _, path in ipairs(found) do
      local ok, err = pcall(run.job.attach, run.job, path)
      if not ok then
        errors.warn(errors.message(err))
        run.attach_error = run.attach_error or errors.message(err)
      end
    end
  end
end

local function attach_log(run, options)
  if not run.log_path then return end
  local size = (uv.fs_stat(run.log_path) or {}).size or 0
  local wanted = options.log == "always" or (options.log ~= "never" and run.failed)
  if wanted and size > 0 then
    local ok, err = pcall(run.job.attach, run.job, run.log_path, {
      name = "output",
      component_id = run.job.log_id,
      ours = true,
    })
    if not ok then
      errors.warn(("the log stays in '%s': %s"):format(run.log_path, errors.message(err)))
      return
    end
    run.job.data.log = run.job.log_id
  else
    uv.fs_unlink(run.log_path)
  end
end

-- ---- the whole -------------------------------------------------------------------------------------

local function settle(run, options)
  local job, result = run.job, run.result or {}
  run.failed = wrap.reason(run) ~= nil
  attach_outputs(run, options)
  run.failed = wrap.reason(run) ~= nil
  attach_log(run, options)
  job.data.exit_code = wrap.exit_code(run)
  job.data.signal = result.signal
  local reason = wrap.reason(run)
  if reason then
    job:fail(reason)
    say(options, ("failed: %s (job %s)"):format(reason, job.id))
  else
    job:finish()
    say(options, ("done in %s, %s attached (job %s)")
      :format(text.duration(job.data.duration_s), text.count(job.attachments, "file"), job.id))
  end
end

-- Where the log goes; nowhere when the state folder cannot be written, which is no reason not to work.
local function make_log_path(job)
  local ok, err = pcall(paths.make, "state", "logs")
  if ok then return job.log_path end
  errors.warn(("the output will not be kept: %s"):format(errors.message(err)))
end

--- Runs a command as a job of `session` and returns the exit code to end with: the command's own, 124
--- after the time limit, 126 or 127 when it could not be started, 128 + n after signal n, 1 when the
--- command was fine but its outputs were not.
---@param session moonshift.Session
---@param options moonshift.wrap.Options
---@return integer exit_code
function wrap.run(session, options)
  local values = secrets.of_environment()
  local shown = secrets.mask_arguments(options.arguments, values)
  core.become_subreaper()
  local job <close> = session:job {
    description = options.description or options.name or table.concat(shown, " "),
    user = options.user,
    data = { command = shown, name = options.name },
  }
  local run = { job = job, secrets = values, log_path = make_log_path(job) }
  execute(run, options)
  settle(run, options)
  return wrap.exit_code(run)
end

return wrap
