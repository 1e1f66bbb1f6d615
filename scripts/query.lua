--- Ask the tracker, in its query language.
---
--- Usage: moonshift query [OPTIONS] EXPRESSION
---
--- Without a select the table shows what there is of id, name, type, status and the like.
---
--- Options:
---   --json       one JSON object a row, for programs
---   --explain    show how the embedded tracker understands the expression, stage by stage: tokens, tree,
---                resolved tree, SQL, parameters, and the plan by which SQLite runs it
---   --data DIR   the embedded server's folder
---
--- Example:
---   moonshift query 'select name, status.name, assignments.resource.username from Task where parent.name is "sh010"'
---
--- Sample output:
---   NAME         STATUS.NAME  ASSIGNMENTS.RESOURCE.USERNAME
---   Animation    In progress  ada
---   Compositing  Not started  grace, linus

local cjson = require "cjson"
local errors = require "moonshift.errors"
local listing = require "moonshift.listing"
local moonshift = require "moonshift"
local options = require "moonshift.options"
local tracker = require "moonshift.tracker"

local given = options.parse {
  verb = "query",
  arguments = { ... },
  spec = { { name = "json" }, { name = "explain" }, { name = "data", argument = "DIR" } },
}
if #given ~= 1 then
  options.fail("query", #given == 0 and "an expression is missing" or "the expression is one argument: quote it")
end

if given.explain then
  local text, problem = tracker.explain(given[1], given.data)
  io.write(text)
  if problem then errors.raise("parse", problem) end
  return
end

local session <close> = moonshift.session { data = given.data }
local query = given.json and given[1] or listing.complete(session, given[1])
local rows = session:call { { action = "query", expression = query } }[1].data
if given.json then
  for _, row in ipairs(rows) do print(cjson.encode(row)) end
elseif #rows == 0 then
  io.stderr:write "nothing found\n"
else
  io.write(listing.format(query, rows))
end
