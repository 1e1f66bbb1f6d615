--- List jobs, or show one with its attachments.
---
--- Usage: moonshift jobs [list] [OPTIONS]
---        moonshift jobs show JOB [--json]
---
--- JOB is a job's id, or the beginning of one.
---
--- Options:
---   --status STATUS   only queued, running, done or failed ones
---   --user NAME       only this user's
---   --limit N         at most N jobs, newest first (20)
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

local given = options.parse {
  verb = "jobs",
  arguments = { ... },
  spec = {
    { name = "status", argument = "STATUS", choices = { "queued", "running", "done", "failed" } },
    { name = "user", argument = "NAME" },
    { name = "limit", argument = "N", type = "integer", default = 20 },
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

local what = given[1] or "list"
if what == "list" and #given > 1 or what == "show" and #given ~= 2 then
  options.fail("jobs", what == "show" and "show wants one job's id" or ("unexpected '%s'"):format(given[2]))
elseif what ~= "list" and what ~= "show" then
  options.fail("jobs", ("unknown '%s'; list and show are known"):format(what))
end

local session <close> = moonshift.session { data = given.data }
local telling <close> = outbox.start(session)
if what == "list" then list(session) else show(session, given[2]) end
