--- Any command as a job: run it, pass its output through, attach what it made, tell the truth at the end.

local uv = require "luv"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local outcome = require "moonshift.outcome"
local outputs = require "moonshift.outputs"
local paths = require "moonshift.paths"
local progress = require "moonshift.progress"
local run_record = require "moonshift.run_record"
local secrets = require "moonshift.secrets"
local session_core = require "moonshift.core.session"
local supervisor = require "moonshift.supervisor"
local system = require "moonshift.core.system"
local task = require "moonshift.task"
local text = require "moonshift.text"
require "moonshift.job" -- session:job

---@class moonshift.wrap
local wrap = {}

---@class moonshift.wrap.Options
---@field arguments string[] The command and its arguments; no shell in between.
---@field description? string What people see, with the placeholders of `wrap.describe`; the command
--- line when not given.
---@field name? string A short name, to find related runs by.
---@field attach? string[] Patterns of output files, relative to `cwd`.
---@field require_attach? boolean A pattern that matches nothing fails the job.
---@field log? "always"|"failure"|"never" When the output is attached; "failure" when not given.
---@field log_limit? integer Size of the log at the most, in bytes: its middle is cut; 64 MiB when not given.
---@field timeout? number Seconds until an attempt is ended.
---@field grace? number Seconds between TERM and KILL for a command that is to end; 10 when not given.
---@field retries? integer How often a failed command is tried again; 0 when not given.
---@field retry_delay? number Seconds in between; 0 when not given.
---@field nice? integer Added to our niceness.
---@field memory_max? integer Address space of the command, in bytes.
---@field progress? string One of progress.NAMES: how the command tells its progress.
---@field progress_pattern? string A Lua pattern for it instead.
---@field on_failure? string A Lua script to run when the job has failed.
---@field cwd? string
---@field environment? table<string, string>
---@field user? string Whose job it is: a username.
---@field quiet? boolean No lines of our own.
---@field quiet_output? boolean The command's output goes to the log alone.
---@field allow_retry? boolean The command is recorded, so that it can be retried: see moonshift.rerun.
---@field job_id? string The job's id; a new one when not given.
---@field retry_of? string The job that this one retries: its id.
---@field retry_by? string Who wanted that.

local function say(options, message)
  if not options.quiet then io.stderr:write("moonshift: ", message, "\n") end
end

-- ---- description -----------------------------------------------------------------------------------

--- A description with its placeholders filled: {command}, {name}, {host}, {user}, {date}, {cwd}, and
--- {env.NAME} for a variable. Raises `usage` for another one.
---@param template string
---@param values table<string, string>
---@return string
function wrap.describe(template, values)
  return (template:gsub("{([%a_][%w_.]*)}", function(name)
    local variable = name:match "^env%.(.+)$"
    if variable and secrets.is_secret_name(variable) then return "***" end
    if variable then return os.getenv(variable) or "" end
    if values[name] then return values[name] end
    errors.raise("usage", ("there is no placeholder {%s}; there are {command}, {name}, {host}, {user}, "
      .. "{date}, {cwd} and {env.NAME}"):format(name))
  end))
end

local function description_of(session, options, shown)
  local line = table.concat(shown, " ")
  if not options.description then return options.name or line end
  return wrap.describe(options.description, {
    command = line,
    name = options.name or "",
    host = uv.os_gethostname(),
    user = options.user or session.api_user,
    date = os.date "%Y-%m-%d",
    cwd = options.cwd or uv.cwd(),
  })
end

-- ---- attaching -------------------------------------------------------------------------------------

local function missing(run, pattern, options)
  local message = ("output was not found: %s"):format(pattern)
  if options.require_attach then
    run.attach_error = run.attach_error or message
  else
    errors.warn(message)
  end
end

local function attach_output(run, path)
  local ok, err = pcall(run.job.attach, run.job, path, { component_id = outputs.component_id(run.job.id, path) })
  if ok then return end
  errors.warn(errors.message(err))
  run.attach_error = run.attach_error or errors.message(err)
end

local function attach_outputs(run, options)
  local failed, seen = outcome.reason(run) ~= nil, {}
  for i, pattern in ipairs(run.job.outputs) do
    local found, any = outputs.find(pattern, seen)
    if not any and not failed then missing(run, options.attach[i], options) end
    for _, path in ipairs(found) do attach_output(run, path) end
  end
end

local function attach_log(run, options)
  if not run.log_path then return end
  local size = (uv.fs_stat(run.log_path) or {}).size or 0
  local wanted = options.log == "always" or (options.log ~= "never" and outcome.reason(run) ~= nil)
  if not wanted or size == 0 then
    uv.fs_unlink(run.log_path)
    return
  end
  local ok, err = pcall(run.job.attach, run.job, run.log_path, {
    name = "output",
    component_id = run.job.log_id,
    ours = true,
  })
  if ok then
    run.job.data.log = run.job.log_id
  else
    errors.warn(("the log stays in '%s': %s"):format(run.log_path, errors.message(err)))
  end
end

-- ---- the whole -------------------------------------------------------------------------------------

-- Tries until it works, a person says stop, or the tries are used up.
local function execute(run, options)
  for attempt = 1, 1 + (options.retries or 0) do
    run.attempt, run.job.data.attempt = attempt, attempt
    supervisor.attempt(run, options)
    if attempt > (options.retries or 0) or not outcome.is_worth_another_try(run) then return end
    say(options, ("attempt %d failed: %s; trying again%s"):format(attempt, outcome.reason(run),
      (options.retry_delay or 0) > 0 and " in " .. text.duration(options.retry_delay) or ""))
    local ok, err = pcall(task.sleep, options.retry_delay or 0)
    if not ok then
      if errors.code(err) ~= "cancelled" then error(err, 0) end
      run.interrupted = err.signal or uv.constants.SIGTERM
      return
    end
  end
end

-- Whoever wants to hear of the failure does; what goes wrong there is not the job's.
local function run_on_failure(job, reason, options)
  local ok, err = pcall(function()
    local command <close> = core.command {
      arguments = { system.program(), "run", options.on_failure },
      environment = { MOONSHIFT_JOB_ID = job.id, MOONSHIFT_JOB_REASON = reason },
    }
    local result = command:wait()
    if result.exit_code ~= 0 then
      errors.raise("io", ("it ended with %s"):format(result.exit_code or "signal " .. result.signal))
    end
  end)
  if not ok then errors.warn(("--on-failure '%s': %s"):format(options.on_failure, errors.message(err))) end
end

local CUT_SHORT = "the command ended well, but the machine or moonshift stopped before its outputs were attached"

local function settle(run, options)
  local job = run.job
  job:foresee(outcome.reason(run) or CUT_SHORT)
  attach_outputs(run, options)
  attach_log(run, options)
  job.data.exit_code = outcome.exit_code(run)
  job.data.signal = run.result and run.result.signal
  local reason = outcome.reason(run)
  if reason then
    job:fail(reason)
    say(options, ("failed: %s (job %s)"):format(reason, job.id))
    if options.on_failure then run_on_failure(job, reason, options) end
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

-- Whether the command can be retried later. One that cannot be recorded runs all the same.
local function record(session, id, options, values)
  if not options.allow_retry then return nil end
  local ok, problem = pcall(run_record.make, session, id, options, values)
  if ok then return true end
  errors.warn(("the command cannot be retried later: %s"):format(errors.message(problem)))
end

-- The job, once its command is recorded: so it never promises what is not there.
local function begin(session, options, values)
  local id = options.job_id or session_core.new_id()
  local shown = secrets.mask_arguments(options.arguments, values)
  local ok, job = pcall(session.job, session, {
    id = id,
    description = description_of(session, options, shown),
    user = options.user,
    data = {
      command = shown,
      name = options.name,
      retry = record(session, id, options, values),
      retry_of = options.retry_of,
      retry_by = options.retry_by,
    },
  })
  if ok then return job end
  run_record.remove(id)
  error(job, 0)
end

--- Runs a command as a job of `session` and returns the exit code to end with: the command's own, 124
--- after the time limit, 126 or 127 when it could not be started, 128 + n after signal n, 143 when the
--- job was cancelled, 1 when the command was fine but its outputs were not.
---@param session moonshift.Session
---@param options moonshift.wrap.Options
---@return integer exit_code
function wrap.run(session, options)
  options.read_progress = progress.reader(options)
  local values = secrets.of_environment()
  supervisor.adopt_orphans()
  local job <close> = begin(session, options, values)
  job.log_unwanted = options.log == "never" or nil
  job.outputs = outputs.patterns(options.attach, options.cwd)
  local run = { job = job, secrets = values, log_path = make_log_path(job) }
  execute(run, options)
  settle(run, options)
  return outcome.exit_code(run)
end

return wrap
