--- Events: what is published and what listeners get.

local errors = require "moonshift.errors"
local session_core = require "moonshift.core.session"
local system = require "moonshift.core.system"

local event = {}

---@class moonshift.Event
---@field topic string E.g. "ftrack.update".
---@field id string
---@field data any Mostly a table; {} when not given.
---@field target string Whom it is meant for, an expression over subscribers; "" for all.
---@field source table Who published it: `id`, `user`, `host`, or what a listener calls itself.
---@field sent any When it was sent, as the server says; mostly nil.
---@field in_reply_to_event string? The id of the event that this one answers.
local Event = {}
Event.__index = Event

-- Field → its name on the wire.
local FIELDS = {
  topic = "topic", id = "id", data = "data", target = "target", source = "source", sent = "sent",
  in_reply_to_event = "inReplyToEvent",
}

local NAMES = {}
for name in pairs(FIELDS) do NAMES[#NAMES + 1] = name end

local function check_fields(fields)
  if type(fields) ~= "table" then
    errors.raise("usage", ("an event is a table with a topic, not %s"):format(type(fields)))
  end
  for name in pairs(fields) do
    if not FIELDS[name] and name ~= "stopped" then
      local nearest = system.nearest(tostring(name), NAMES)
      errors.raise("usage", ("an event has no '%s'%s"):format(tostring(name),
        nearest and ("; did you mean '%s'?"):format(nearest) or ""))
    end
  end
  if type(fields.topic) ~= "string" or fields.topic == "" then
    errors.raise("usage", "an event needs a topic, a text that is not empty")
  end
end

local function copy(table)
  local result = {}
  for key, value in pairs(table or {}) do result[key] = value end
  return result
end

--- A new id: 32 hexadecimal digits.
---@return string
function event.new_id()
  return (session_core.new_id():gsub("-", ""))
end

--- An event of the fields that are given; the others get their defaults. `fields` stays as it is.
---@param fields table|moonshift.Event
---@return moonshift.Event
function event.new(fields)
  check_fields(fields)
  return setmetatable({
    topic = fields.topic,
    id = fields.id or event.new_id(),
    data = fields.data == nil and {} or fields.data,
    target = fields.target or "",
    source = copy(fields.source),
    sent = fields.sent,
    in_reply_to_event = fields.in_reply_to_event,
  }, Event)
end

--- The event that came over the wire.
---@param wire table
---@return moonshift.Event
function event.from_wire(wire)
  local self = setmetatable({}, Event)
  for field, name in pairs(FIELDS) do self[field] = wire[name] end
  self.target = self.target or ""
  self.source = type(self.source) == "table" and self.source or {}
  return self
end

--- As it goes over the wire.
---@param self moonshift.Event
---@return table
function event.to_wire(self)
  local wire = {}
  for field, name in pairs(FIELDS) do wire[name] = self[field] end
  return wire
end

--- No listener of this program after the present one gets the event.
function Event:stop()
  self.stopped = true
end

---@return boolean
function Event:is_stopped()
  return self.stopped == true
end

function Event:__tostring()
  return ("event %s (%s)"):format(self.topic, tostring(self.id))
end

return event
