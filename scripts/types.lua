--- Write what an editor needs to complete attributes and to flag misspelt ones.
---
--- Usage: moonshift types [OPTIONS]
---
--- Asks the tracker for its entity types, custom attributes included, and writes them as classes that
--- lua-language-server understands. Put the file into the workspace of your scripts.
---
--- Options:
---   -o, --output FILE   write to FILE instead of the terminal
---   --data DIR          the embedded server's folder
---
--- Example:
---   moonshift types -o types.lua
---
--- Sample output:
---   ---@class moonshift.entity.Job : moonshift.Entity
---   ---@field status "queued"|"running"|"done"|"failed"

local annotations = require "moonshift.annotations"
local errors = require "moonshift.errors"
local moonshift = require "moonshift"
local options = require "moonshift.options"

local given = options.parse {
  verb = "types",
  arguments = { ... },
  spec = {
    { name = "output", short = "o", argument = "FILE" },
    { name = "data", argument = "DIR" },
  },
}
if given[1] then options.fail("types", ("unexpected '%s'"):format(given[1])) end

local session <close> = moonshift.session { data = given.data }
local text = annotations.generate(session)
if not given.output then
  io.write(text)
  return
end

local file <close>, problem = io.open(given.output, "w")
if not file then errors.raise("io", ("cannot write %s"):format(problem)) end
assert(file:write(text))
