--- Tells others, by the event hub, that components have come to a location or have gone:
--- `ftrack.location.component-added` and `ftrack.location.component-removed`, with `component_id` and `location_id` as
--- their data.
---
--- The tracker knows already, so nothing fails here: a hub that is out of reach is warned about, once in a session,
--- and not asked again.

local errors = require "moonshift.errors"
local session_core = require "moonshift.core.session"
local task = require "moonshift.task"

---@class moonshift.location_events
local location_events = {}

local PARALLEL = 32
local TIME_S = 10 -- for all events of one call

local function publish(session, topic, item, location_id)
  session.event_hub:publish { topic = topic, data = { component_id = item.id, location_id = location_id } }
end

-- Members first, as the official client does. The first event connects; the others need not wait for each other.
local function publish_all(session, topic, location_id, items)
  local others = {}
  for i = #items - 1, 1, -1 do others[#others + 1] = items[i] end
  publish(session, topic, items[#items], location_id)
  task.parallel(others, { limit = PARALLEL }, function(item) publish(session, topic, item, location_id) end)
end

local function tell(session, topic, location_id, items)
  local notes = session_core.notes(session)
  if notes.hub_is_out_of_reach or #items == 0 then return end
  local ok, err = pcall(task.timeout, TIME_S, publish_all, session, topic, location_id, items)
  if ok then return end
  if errors.code(err) == "cancelled" then error(err, 0) end
  notes.hub_is_out_of_reach = true
  errors.warn(("the event hub is out of reach, others are not told of new places of components: %s")
    :format(errors.message(err)))
end

--- Components are in a location from now on.
---@param session moonshift.Session
---@param location_id string
---@param items table[] Containers in front of their members.
function location_events.added(session, location_id, items)
  tell(session, "ftrack.location.component-added", location_id, items)
end

--- Components are in a location no more.
---@param session moonshift.Session
---@param location_id string
---@param items table[] Containers in front of their members.
function location_events.removed(session, location_id, items)
  tell(session, "ftrack.location.component-removed", location_id, items)
end

return location_events
