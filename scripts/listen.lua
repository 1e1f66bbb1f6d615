--- Print the tracker's events as they come.
---
--- Usage: moonshift listen [OPTIONS] [EXPRESSION]
---
--- EXPRESSION chooses the events: 'topic=ftrack.update and source.user.username=ada', 'topic=studio.*'; all of them
--- when not given. Over a lost connection it comes back by itself. Ctrl-C ends it.
---
--- To do something with events write a script with `session.event_hub:subscribe`, and start it by `moonshift run`.
---
--- Options:
---   --count N     end after N events
---   --json        each event as it came, one JSON object a line, for programs
---   --data DIR    the embedded server's folder
---
--- Example:
---   moonshift listen topic=ftrack.update
---
--- Sample output:
---   21:14:05  ftrack.update    ada   {"entities":[{"action":"update","entityId":"2a5c0f0e-…

local core = require "moonshift.core.events"
local errors = require "moonshift.errors"
local event = require "moonshift.event"
local moonshift = require "moonshift"
local options = require "moonshift.options"
local task = require "moonshift.task"

local SHOWN_BYTES = 160 -- of an event's data

local given = options.parse {
  verb = "listen",
  arguments = { ... },
  spec = {
    { name = "count", argument = "N", type = "integer" },
    { name = "json" },
    { name = "data", argument = "DIR" },
  },
}
if #given > 1 then options.fail("listen", "one expression is enough: join them by 'or', and quote them") end
if given.count and given.count < 1 then options.fail("listen", "--count is 1 or more") end

-- Cut where no character is.
local function shorten(text)
  if #text <= SHOWN_BYTES then return text end
  return text:sub(1, utf8.offset(text, 0, SHOWN_BYTES + 1) - 1) .. "…"
end

-- Nothing that came may move the cursor: JSON escapes control characters, so topic and user are JSON as well.
local function plain(value)
  return type(value) == "string" and core.json(value):sub(2, -2) or "-"
end

local function line_of(one)
  if given.json then return core.json(event.to_wire(one)) end
  local user = type(one.source.user) == "table" and one.source.user.username
  return ("%s  %-24s %-10s %s"):format(os.date "%H:%M:%S", plain(one.topic), plain(user), shorten(core.json(one.data)))
end

local session <close> = moonshift.session { data = given.data }
local hub = session.event_hub
local shown, full = 0, false

local function show(one)
  if one.topic:find "^ftrack%.meta%.%a*connected$" and one.source.id == nil then return end
  if full then return end
  shown = shown + 1
  full = not io.write(line_of(one), "\n") or shown == given.count
  io.flush()
  if full then hub:disconnect() end
end

local function listen()
  hub:subscribe(given[1] or "topic=*", show)
  io.stderr:write(("moonshift: listening to the events of %s\n"):format(session.name))
  hub:wait()
end

-- A signal is the usual end.
local worker <close> = task.spawn(listen)
local ok, problem = pcall(worker.wait, worker)
if ok then return 0 end
if type(problem) == "table" and problem.signal then return 0 end
errors.raise(errors.code(problem), errors.message(problem))
