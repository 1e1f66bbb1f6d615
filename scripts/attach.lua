--- Attach files to a job.
---
--- Usage: moonshift attach [OPTIONS] JOB FILE…
---
--- JOB is a job's id, or the beginning of one; inside a wrapped command, "$MOONSHIFT_JOB_ID". When the tracker
--- cannot be reached and the id is whole, the files wait in the outbox: moonshift help outbox. A large file whose
--- upload was interrupted is gone on with.
---
--- Options:
---   --name NAME         what the attachment is called (one file only); the file's name when not given
---   --limit-rate RATE   no more bytes a second than this: 500K, 10M
---   --connections N     as many files and parts of files at a time; 6 when not given
---   --json              events as JSON, one object a line, for programs
---   --data DIR          the embedded server's folder
---
--- Example:
---   moonshift attach 2a5c0f0e contact-sheet.jpg
---
--- Sample output:
---   attached contact-sheet.jpg (1.2 MiB)

local component = require "moonshift.component"
local jobs = require "moonshift.jobs"
local options = require "moonshift.options"
local outbox = require "moonshift.outbox"
local text = require "moonshift.text"
local transfer_bar = require "moonshift.transfer_bar"
local upload = require "moonshift.upload"

local given = options.parse {
  verb = "attach",
  arguments = { ... },
  joins_rest = true,
  spec = {
    { name = "name", argument = "NAME" },
    { name = "limit-rate", argument = "RATE", type = "size" },
    { name = "connections", argument = "N", type = "integer" },
    { name = "json" },
    { name = "data", argument = "DIR" },
  },
}
if #given < 2 then
  options.fail("attach", #given == 0 and "a job's id and a file are missing" or "a file is missing")
elseif given.name and #given > 2 then
  options.fail("attach", "--name goes with one file")
end

local paths = { table.unpack(given, 2) }
for _, path in ipairs(paths) do component.check_file(path) end

local ID_LENGTH = 36

local session <close>, problem = outbox.session {
  data = given.data, limit_rate = given.limit_rate, connections = given.connections,
}
local telling <close> = outbox.start(session)

-- A job of which the tracker has not heard yet is known by its whole id.
local function job_id(prefix)
  if #prefix == ID_LENGTH and (problem or outbox.count(session, prefix) > 0) then return prefix end
  if problem then error(problem, 0) end
  return jobs.find(session, prefix).id
end

local id = job_id(given[1])
for _, path in ipairs(paths) do
  local bar <close> = transfer_bar.new(path:match "[^/]*$", { session = session, json = given.json })
  local attached, state = outbox.attach(session, path, {
    job_id = id, name = given.name, progress = bar.update, component_id = upload.interrupted(session, path),
  })
  bar.done((state == "sent" and "attached %s (%s)" or "%s (%s) waits in the outbox: moonshift outbox")
    :format(path, text.size(attached.size)),
    { component_id = attached.component_id, size_bytes = attached.size, state = state })
end
