--- Run a command as a job that people see, with its outputs attached.
---
--- Usage: moonshift wrap [OPTIONS] -- COMMAND [ARGUMENTS]
---
--- TEXT may hold {command}, {name}, {host}, {user}, {date}, {cwd} and {env.NAME}.
---
--- The command runs without a shell; its output passes through at once. It finds the job's id in
--- MOONSHIFT_JOB_ID, and may print `moonshift::progress 0.4 Encoding` to tell how far it is. When it ends,
--- files that match --attach are uploaded and attached, and the job becomes done or failed with the
--- reason. Ctrl-C ends the command (TERM to its process group, KILL after a while) and fails the job; so does
--- `moonshift jobs cancel`, or whoever else ends the job on the tracker.
---
--- Options:
---   --description TEXT    what people see; the command line when not given
---   --attach GLOB         attach the files that match (several times; after the command has ended)
---   --require-attach      fail when a pattern matches nothing
---   --name NAME           a short name, to find related runs by
---   --log WHEN            attach the output: always, failure (the default) or never
---   --log-limit SIZE      keep so much of it, its beginning and its end (64M; at least 4k)
---   --timeout DURATION    end the command after this time: 90, 45m, 1h30m
---   --grace DURATION      between TERM and KILL, when a command is to end (10s)
---   --retries N           try a failed command again, N times at most
---   --retry-delay D       wait in between
---   --max-memory SIZE     limit the command's address space: 512M, 4G
---   --nice N              run it with less priority, 1 to 19
---   --progress NAME       how it tells its progress: blender, ffmpeg, frames, nuke, percent
---   --progress-pattern P  a Lua pattern instead: one capture is per cent, two are done and total
---   --allow-retry         record the command here, without secrets, so that `moonshift jobs retry` and the Jobs
---                         page can run it again (always, with `allow_retry = true` in config.lua)
---   --on-failure SCRIPT   run this Lua script when the job has failed; it finds MOONSHIFT_JOB_ID and
---                         MOONSHIFT_JOB_REASON
---   --cwd DIR             run it in this folder; patterns are relative to it
---   --env NAME=VALUE      set a variable for it (several times)
---   --user NAME           whose job it is; the acting user when not given
---   --quiet               no lines of our own
---   --data DIR            the embedded server's folder
---
--- The exit code is the command's; 124 after the time limit, 126 or 127 when it could not be started,
--- 128 + n when signal n ended it, 143 when the job was cancelled, 1 when it was fine but its outputs or
--- the tracker were not.
---
--- Example:
---   moonshift wrap --description "Encode sh010" --attach "out/*.mov" -- ffmpeg -i in.mov out/sh010.mov
---
--- Sample output:
---   moonshift: done in 12 s, 1 file attached (job 2a5c0f0e-6d3c-4f57-9d2f-6a2b4c8f6f0e)

local config = require "moonshift.config"
local errors = require "moonshift.errors"
local options = require "moonshift.options"
local outbox = require "moonshift.outbox"
local progress = require "moonshift.progress"
local wrap = require "moonshift.wrap"

local given = options.parse {
  verb = "wrap",
  arguments = { ... },
  spec = {
    { name = "description", argument = "TEXT" },
    { name = "attach", argument = "GLOB", multiple = true },
    { name = "require-attach" },
    { name = "name", argument = "NAME" },
    { name = "log", argument = "WHEN", choices = { "always", "failure", "never" }, default = "failure" },
    { name = "log-limit", argument = "SIZE", type = "size" },
    { name = "grace", argument = "DURATION", type = "duration" },
    { name = "timeout", argument = "DURATION", type = "duration" },
    { name = "retries", argument = "N", type = "integer", default = 0 },
    { name = "retry-delay", argument = "DURATION", type = "duration", default = 0 },
    { name = "max-memory", argument = "SIZE", type = "size" },
    { name = "nice", argument = "N", type = "integer" },
    { name = "progress", argument = "NAME", choices = progress.NAMES },
    { name = "progress-pattern", argument = "PATTERN" },
    { name = "allow-retry" },
    { name = "on-failure", argument = "SCRIPT" },
    { name = "cwd", argument = "DIR" },
    { name = "env", argument = "NAME=VALUE", multiple = true },
    { name = "user", argument = "NAME" },
    { name = "quiet" },
    { name = "data", argument = "DIR" },
  },
}

local command = given.rest
if not command or #command == 0 then
  options.fail("wrap", #given > 0
    and ("put '--' in front of the command: moonshift wrap -- %s"):format(table.concat(given, " "))
    or "the command is missing: moonshift wrap [OPTIONS] -- COMMAND [ARGUMENTS]")
elseif #given > 0 then
  options.fail("wrap", ("'%s' is neither an option nor behind '--'"):format(given[1]))
end

if given.on_failure and not io.open(given.on_failure) then
  options.fail("wrap", ("--on-failure: the script '%s' cannot be read"):format(given.on_failure))
end

local LOG_LIMIT_MIN = 4096 -- bytes; the log of a run takes no less
if given.log_limit and given.log_limit < LOG_LIMIT_MIN then
  options.fail("wrap", ("--log-limit %d: at least %d bytes (4k)"):format(given.log_limit, LOG_LIMIT_MIN))
end

local environment = {}
for _, assignment in ipairs(given.env or {}) do
  local name, value = assignment:match "^([^=]+)=(.*)$"
  if not name then options.fail("wrap", ("--env '%s' is not of the form NAME=VALUE"):format(assignment)) end
  environment[name] = value
end

local session <close>, problem = outbox.session { data = given.data }
if problem then
  errors.warn(("%s; the job will be told later: moonshift outbox"):format(errors.message(problem)))
end
local telling <close> = outbox.start(session)
return wrap.run(session, {
  arguments = command,
  description = given.description,
  attach = given.attach,
  require_attach = given.require_attach,
  name = given.name,
  log = given.log,
  log_limit = given.log_limit,
  timeout = given.timeout,
  grace = given.grace,
  retries = given.retries,
  retry_delay = given.retry_delay,
  memory_max = given.max_memory,
  nice = given.nice,
  progress = given.progress,
  progress_pattern = given.progress_pattern,
  allow_retry = given.allow_retry or config.load().allow_retry,
  on_failure = given.on_failure,
  cwd = given.cwd,
  environment = environment,
  user = given.user,
  quiet = given.quiet,
})
