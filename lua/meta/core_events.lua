---@meta moonshift.core.events

--- The mechanisms under `moonshift.event_hub`; written in C. Events are tables as on the wire: `inReplyToEvent`.
---@class moonshift.core.events
local core = {}

--- A connection of its own to the session's event hub, when it is open. It ends with the session. Over HTTP Lua must be
--- able to yield where this is called. Raises `network`, `timeout`, `protocol`, `not_found`, `authentication`.
---@param session moonshift.Session
---@return moonshift.core.EventChannel
function core.open(session) end

--- Compiles a subscription's or target's expression. Raises `parse` with the position.
---@param text string
---@return moonshift.core.EventExpression
function core.expression(text) end

--- The JSON text of a value, as events are written: decoded empty lists stay lists, integers are exact. Raises
--- `invalid` for what JSON cannot hold.
---@param value any
---@return string
function core.json(value) end

---@class moonshift.core.EventChannel
local channel = {}

--- Ends it. What has come can still be received.
function channel:close() end

---@return boolean
function channel:is_open() end

--- Sends an event and waits until the server has taken it. Raises `server` when it does not, and what ended the
--- channel when that comes first.
---@param event table
function channel:publish(event) end

--- Waits for the next event.
---@return table? event nil when the channel is over,
---@return moonshift.Error? why and no more events come.
function channel:receive() end

---@class moonshift.core.EventExpression
local expression = {}

--- Whether it chooses the object. Only fields that are texts have a value.
---@param object table
---@return boolean
function expression:matches(object) end

return core
