--- List jobs, show one, cancel one, run one again, or fail those that nobody looks after.
---
--- Usage: moonshift jobs [list] [OPTIONS]
---        moonshift jobs show JOB [--json]
---        moonshift jobs cancel JOB
---        moonshift jobs retry JOB
---        moonshift jobs reap [--older-than DURATION]
---
--- JOB is a job's id, or the beginning of one. `cancel` fails the job; its wrapper ends the command within
--- seconds. `retry` runs the command of a job that has ended again, as a new job, where it was recorded:
--- `moonshift wrap --allow-retry` does that. `reap` fails the jobs of this machine whose process is gone (any
--- moonshift process does that, too), and those of other machines that gave no sign of life for a while; wrappers
--- give one every 30 s.
---
--- Options:
---   --status STATUS   only queued, running, done or failed ones
---   --user NAME       only this user's
---   --limit N         at most N jobs, newest first (20)
---   --older-than D    reap: how long is a while (10m)
---   --quiet           retry: nothing but what is wrong; the command's output goes to the log alone
---   --asked-by NAME   retry: who wants it, to be shown
---   --job-id ID       retry: the new job's id
---   --json            one JSON object a line, for programs
---   --data DIR        the embedded server's folder
---
--- Example:
---   moonshift jobs --status failed
---
--- Sample output:
---   ID        STATUS   WHEN               TOOK     FILES  DESCRIPTION
---   2a5c0f0e  done     2024-05-02 21:14   12 s         1  Encode sh010

local cjson = require "cjson"
local jobs = require "moonshift.jobs"
local moonshift = require "moonshift"
local options = require "moonshift.options"
local outbox = require "moonshift.outbox"
local reaper = require "moonshift.reaper"
local rerun = require "moonshift.rerun"
local system = require "moonshift.core.system"

local given = options.parse {
  verb = "jobs",
  arguments = { ... },
  spec = {
    { name = "status", argument = "STATUS", choices = { "queued", "running", "done", "failed" } },
    { name = "user", argument = "NAME" },
    { name = "limit", argument = "N", type = "integer", default = 20 },
    { name = "older-than", argument = "DURATION", type = "duration", default = 600 },
    { name = "quiet" },
    { name = "asked-by", argument = "NAME" },
    { name = "job-id", argument = "ID" },
    { name = "json" },
    { name = "data", argument = "DIR" },
  },
}

local function print_records(records, write)
  if given.json then
    for _, record in ipairs(records) do print(cjson.encode(record)) end
  else
    write(records)
  end
end

local function list(session)
  reaper.tidy(session)
  local records = jobs.list(session, { status = given.status, user = given.user, limit = given.limit })
  print_records(records, function()
    if #records == 0 then
      io.stderr:write 'no jobs yet: moonshift wrap --description "My first job" -- COMMAND makes one\n'
    else
      io.write(jobs.format_list(records))
    end
  end)
end

local function show(session, prefix)
  local record = jobs.find(session, prefix)
  print_records({ record }, function() io.write(jobs.format(record)) end)
end

local function cancel(session, prefix)
  local record = jobs.find(session, prefix)
  jobs.cancel(session, record)
  print(("cancelled %s"):format(record.data.description or record.id))
end

local function retry(session, prefix)
  return rerun.run(session, jobs.find(session, prefix), {
    data = given.data,
    job_id = given.job_id,
    asked_by = given.asked_by,
    quiet = given.quiet,
  })
end

local function reap(session)
  local settled = reaper.reap(session)
  for _, description in ipairs(settled) do print(("failed, its process is gone: %s"):format(description)) end
  local silent = jobs.reap_silent(session, given.older_than)
  for _, record in ipairs(silent) do
    print(("failed, %s: %s"):format(record.data.reason, record.data.description or record.id))
  end
  if #settled + #silent == 0 then io.stderr:write "every running job is looked after\n" end
end

-- What may follow the verb, and how many arguments it takes.
local COMMANDS = {
  list = { run = list, arguments = 0 },
  show = { run = show, arguments = 1 },
  cancel = { run = cancel, arguments = 1 },
  retry = { run = retry, arguments = 1 },
  reap = { run = reap, arguments = 0 },
}

local what = given[1] or "list"
local command = COMMANDS[what]
if not command then
  local nearest = system.nearest(what, { "list", "show", "cancel", "retry", "reap" })
  options.fail("jobs", ("unknown '%s'%s; list, show, cancel, retry and reap are known")
    :format(what, nearest and (": did you mean '%s'?"):format(nearest) or ""))
elseif #given - 1 > command.arguments then
  options.fail("jobs", ("unexpected '%s'"):format(given[command.arguments + 2]))
elseif #given - 1 < command.arguments and #given > 0 then
  options.fail("jobs", ("%s wants one job's id"):format(what))
end

local session <close> = moonshift.session { data = given.data }
local telling <close> = outbox.start(session)
return command.run(session, given[2])
