--- Publish files as the next version of an asset.
---
--- Usage: moonshift publish [OPTIONS] FILE|SEQUENCE|PATTERN… --to CONTEXT --asset NAME
---
--- CONTEXT is a task, by its id or by its path of names: project/sequence/shot/task. The asset is created for
--- what the task belongs to when there is none of that name. A SEQUENCE is written 'sh010.%04d.exr [1001-1096]'; among
--- the files that match a PATTERN sequences are found, too. The version is published when all of its files are there.
---
--- Options:
---   --to CONTEXT        the task, or what the asset is for
---   --asset NAME        the asset's name
---   --type TYPE         its type, for a new one
---   --comment TEXT      what is new in this version
---   --location NAME     where the files go; the best of those in config.lua, else ftrack.server, when not given
---   --limit-rate RATE   no more bytes a second than this: 500K, 10M
---   --connections N     as many files and parts of files at a time; 6 when not given
---   --json              events as JSON, one object a line, for programs
---   --data DIR          the embedded server's folder
---
--- Example:
---   moonshift publish '/renders/sh010.*.exr' --to show/sq010/sh010/comp --asset comp --comment "Grain matched"
---
--- Sample output:
---   sh010.%d.exr [1001-1096] (96 files, 1.1 GiB)
---   published comp v003 (0f6f5c9e-3f52-4a0c-9f44-3c1f0a5de0f1)

local component_source = require "moonshift.component_source"
local moonshift = require "moonshift"
local options = require "moonshift.options"
local outbox = require "moonshift.outbox"
local publish = require "moonshift.publish"
local text = require "moonshift.text"
local transfer_bar = require "moonshift.transfer_bar"

local given = options.parse {
  verb = "publish",
  arguments = { ... },
  joins_rest = true,
  spec = {
    { name = "to", argument = "CONTEXT" },
    { name = "asset", argument = "NAME" },
    { name = "type", argument = "TYPE" },
    { name = "comment", argument = "TEXT" },
    { name = "location", argument = "NAME" },
    { name = "limit-rate", argument = "RATE", type = "size" },
    { name = "connections", argument = "N", type = "integer" },
    { name = "json" },
    { name = "data", argument = "DIR" },
  },
}
if #given == 0 then options.fail("publish", "a file is missing") end
if not given.to then options.fail("publish", "--to is missing: the task, such as show/sq010/sh010/comp") end
if not given.asset or given.asset == "" then options.fail("publish", "--asset is missing: the asset's name") end

local files = { table.unpack(given) }
for _, file in ipairs(files) do component_source.find_all(file) end

local session <close> = moonshift.session {
  data = given.data, limit_rate = given.limit_rate, connections = given.connections,
}
local telling <close> = outbox.start(session)
local location = given.location and require "moonshift.component".find_location(session, given.location)

local bars, labels = {}, {}
local closing <close> = setmetatable({}, { __close = function(_, err)
  for i, bar in ipairs(bars) do getmetatable(bar).__close(bar, i == #bars and err or nil) end
end })

local version, components = publish.run(session, {
  files = files, context = given.to, asset = given.asset, type = given.type, comment = given.comment,
  location = location,
  progress = function(label)
    labels[#labels + 1] = label
    bars[#bars + 1] = transfer_bar.new(label, { session = session, json = given.json })
    return bars[#bars].update
  end,
})
for i, component in ipairs(components) do
  local members = component.__entity_type__ == "SequenceComponent" and #component.members or nil
  bars[i].done(("%s (%s%s)"):format(labels[i],
    members and text.count(members, "file") .. ", " or "", text.size(component.size)),
    { component_id = component.id, files = members or 1, size_bytes = component.size })
end
local bar <close> = transfer_bar.new(given.asset, { session = session, json = given.json })
bar.done(("published %s v%03d (%s)"):format(given.asset, version.version, version.id),
  { asset = given.asset, version = version.version, version_id = version.id })
