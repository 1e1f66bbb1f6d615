--- Make a project to try things on.
---
--- Usage: moonshift seed --project NAME [OPTIONS]
---
--- It has asset builds, sequences and shots, their tasks with types, statuses and assignees, versions and notes: a
--- production eight weeks in. Eight artists are made as users without keys, once for all projects. Delete the
--- Project, and its tree goes with it.
---
--- Options:
---   --project NAME   what it is called; no other project may be
---   --shots N        how many shots (30); each has about four tasks
---   --sequences N    how many sequences (one for ten shots)
---   --data DIR       the embedded server's folder
---
--- Example:
---   moonshift seed --project comet --shots 200
---
--- Sample output:
---   comet: 20 Sequence, 200 Shot, 50 AssetBuild, 961 Task, 961 Appointment, 790 Asset, 1588 AssetVersion, 573 Note

local moonshift = require "moonshift"
local options = require "moonshift.options"
local seed = require "moonshift.seed"

local given = options.parse {
  verb = "seed",
  arguments = { ... },
  spec = {
    { name = "project", argument = "NAME" },
    { name = "shots", argument = "N", type = "integer", default = 30 },
    { name = "sequences", argument = "N", type = "integer" },
    { name = "data", argument = "DIR" },
  },
}
if #given > 0 then options.fail("seed", ("unexpected '%s'"):format(given[1])) end
if (given.project or "") == "" then options.fail("seed", "--project is missing: what is it called?") end
if given.shots < 1 then options.fail("seed", ("--shots is 1 or more, not %d"):format(given.shots)) end
if given.sequences and (given.sequences < 1 or given.sequences > given.shots) then
  options.fail("seed", ("--sequences is from 1 to the number of shots, not %d"):format(given.sequences))
end

local SHOWN = { "Sequence", "Shot", "AssetBuild", "Task", "Appointment", "Asset", "AssetVersion", "Note" }

local session <close> = moonshift.session { data = given.data }
local counts = seed.project(session, { name = given.project, shots = given.shots, sequences = given.sequences })
local parts = {}
for i, entity_type in ipairs(SHOWN) do parts[i] = ("%d %s"):format(counts[entity_type] or 0, entity_type) end
print(("%s: %s"):format(given.project, table.concat(parts, ", ")))
