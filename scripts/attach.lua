--- Attach files to a job.
---
--- Usage: moonshift attach [OPTIONS] JOB FILE…
---
--- JOB is a job's id, or the beginning of one; inside a wrapped command, "$MOONSHIFT_JOB_ID".
---
--- Options:
---   --name NAME    what the attachment is called (one file only); the file's name when not given
---   --data DIR     the embedded server's folder
---
--- Example:
---   moonshift attach 2a5c0f0e contact-sheet.jpg
---
--- Sample output:
---   attached contact-sheet.jpg (1.2 MiB)

local component = require "moonshift.component"
local jobs = require "moonshift.jobs"
local moonshift = require "moonshift"
local options = require "moonshift.options"
local text = require "moonshift.text"
local transfer_bar = require "moonshift.transfer_bar"

local given = options.parse {
  verb = "attach",
  arguments = { ... },
  spec = { { name = "name", argument = "NAME" }, { name = "data", argument = "DIR" } },
}
if #given < 2 then
  options.fail("attach", #given == 0 and "a job's id and a file are missing" or "a file is missing")
elseif given.name and #given > 2 then
  options.fail("attach", "--name goes with one file")
end

local paths = { table.unpack(given, 2) }
for _, path in ipairs(paths) do component.check_file(path) end

local session <close> = moonshift.session { data = given.data }
local job = jobs.find(session, given[1])
for _, path in ipairs(paths) do
  local bar <close> = transfer_bar.new(path:match "[^/]*$")
  local entity = session:create_component(path, { name = given.name }, nil, { progress = bar.update })
  session:create("JobComponent", { component_id = entity.id, job_id = job.id })
  session:commit()
  bar.done(("attached %s (%s)"):format(path, text.size(entity.size)))
end
