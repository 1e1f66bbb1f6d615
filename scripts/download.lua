--- Download the attachments of a job.
---
--- Usage: moonshift download [OPTIONS] JOB [NAME…]
---
--- JOB is a job's id, or the beginning of one. All attachments are downloaded, or those called NAME. A file
--- that exists already is never overwritten: a number is added to the new one's name.
---
--- Options:
---   -o, --output DIR   into this folder, which is created; the current one when not given
---   --limit-rate RATE  no more bytes a second than this: 500K, 10M
---   --connections N    as many files and parts of files at a time; 6 when not given
---   --json             events as JSON, one object a line, for programs
---   --data DIR         the embedded server's folder
---
--- Example:
---   moonshift download 2a5c0f0e -o results
---
--- Sample output:
---   results/sh010.mov (84.1 MiB)

local errors = require "moonshift.errors"
local jobs = require "moonshift.jobs"
local moonshift = require "moonshift"
local options = require "moonshift.options"
local outbox = require "moonshift.outbox"
local system = require "moonshift.core.system"
local text = require "moonshift.text"
local transfer_bar = require "moonshift.transfer_bar"

local given = options.parse {
  verb = "download",
  arguments = { ... },
  joins_rest = true,
  spec = {
    { name = "output", short = "o", argument = "DIR", default = "." },
    { name = "limit-rate", argument = "RATE", type = "size" },
    { name = "connections", argument = "N", type = "integer" },
    { name = "json" },
    { name = "data", argument = "DIR" },
  },
}
if #given == 0 then options.fail("download", "a job's id is missing") end

-- The attachments to fetch: those named, or all.
local function selected(job, names)
  if #names == 0 then return job.attachments end
  local found = {}
  for _, name in ipairs(names) do
    local before = #found
    for _, file in ipairs(job.attachments) do
      if file.name == name then found[#found + 1] = file end
    end
    if #found == before then
      local known = {}
      for i, file in ipairs(job.attachments) do known[i] = file.name end
      errors.raise("not_found", ("the job has no attachment '%s'; it has: %s")
        :format(name, table.concat(known, ", ")))
    end
  end
  return found
end

local session <close> = moonshift.session {
  data = given.data, limit_rate = given.limit_rate, connections = given.connections,
}
local telling <close> = outbox.start(session)
local job = jobs.find(session, given[1])
local files = selected(job, { table.unpack(given, 2) })
if #files == 0 then
  errors.raise("not_found", ("the job '%s' has no attachments"):format(job.data.description or job.id))
end
system.make_folders(given.output)
for _, file in ipairs(files) do
  local bar <close> = transfer_bar.new(file.name, { session = session, json = given.json })
  local path, size = session:download(session:get("Component", file.id), given.output, { progress = bar.update })
  bar.done(("%s (%s)"):format(path, text.size(size)), { path = path, component_id = file.id, size_bytes = size })
end
