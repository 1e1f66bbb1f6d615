--- Copy components from one location to another.
---
--- Usage: moonshift transfer [OPTIONS] ID… --to LOCATION
---
--- ID is a component or a version, whose components are all meant. What is in the target already is left alone:
--- of a sequence that is there in part, the rest is copied.
---
--- Options:
---   --from LOCATION     where the data are; ftrack.server when not given
---   --to LOCATION       where they are to be
---   --move              take them out of the location that they come from, once they are there; what was there
---                       already has to have the same size
---   --limit-rate RATE   no more bytes a second than this: 500K, 10M
---   --connections N     as many files and parts of files at a time; 6 when not given
---   --json              events as JSON, one object a line, for programs
---   --data DIR          the embedded server's folder
---
--- Example:
---   moonshift transfer 0f6f5c9e-3f52-4a0c-9f44-3c1f0a5de0f1 --to studio.disk
---
--- Sample output:
---   sh010.exr (1.1 GiB) is in studio.disk

local component_module = require "moonshift.component"
local errors = require "moonshift.errors"
local moonshift = require "moonshift"
local move = require "moonshift.move"
local options = require "moonshift.options"
local outbox = require "moonshift.outbox"
local text = require "moonshift.text"
local transfer_bar = require "moonshift.transfer_bar"

local given = options.parse {
  verb = "transfer",
  arguments = { ... },
  joins_rest = true,
  spec = {
    { name = "from", argument = "LOCATION", default = "ftrack.server" },
    { name = "to", argument = "LOCATION" },
    { name = "move" },
    { name = "limit-rate", argument = "RATE", type = "size" },
    { name = "connections", argument = "N", type = "integer" },
    { name = "json" },
    { name = "data", argument = "DIR" },
  },
}
if #given == 0 then options.fail("transfer", "the id of a component or version is missing") end
if not given.to then options.fail("transfer", "--to is missing: the location's name") end

local session <close> = moonshift.session {
  data = given.data, limit_rate = given.limit_rate, connections = given.connections,
}
local telling <close> = outbox.start(session)
local from = component_module.find_location(session, given.from)
local to = component_module.find_location(session, given.to)

local function find(id)
  local components = session:query("Component where id is {id} or version_id is {id}", { id = id }):all()
  if #components > 0 then return components end
  errors.raise("not_found", ("there is no component and no version with components with the id '%s'"):format(id))
end

for _, id in ipairs(given) do
  for _, component in ipairs(find(id)) do
    local name = component.name .. (component.file_type or "")
    local bar <close> = transfer_bar.new(name, { session = session, json = given.json })
    if given.move then
      move.run(session, component, from, to, { progress = bar.update })
    else
      to:add_component(component, from, { progress = bar.update, missing_only = true })
    end
    bar.done(("%s (%s) is in %s"):format(name, text.size(component.size), given.to),
      { component_id = component.id, location = given.to, size_bytes = component.size })
  end
end
