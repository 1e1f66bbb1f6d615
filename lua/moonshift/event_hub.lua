--- The event hub of a session: publish events, and have functions called for those that come.
---
---     local hub = session.event_hub
---     hub:subscribe("topic=ftrack.update", function(event)
---       print(#event.data.entities, "entities have changed")
---     end)
---     hub:wait()
---
--- Listeners are called one after the other in a task of their own, while the script waits for anything: they may wait
--- too, e.g. for a query. What one returns is sent to the publisher as a reply; an error in one is reported and stops
--- nothing. A lost connection is made again, with all subscriptions; what others publish meanwhile is missed.

local call_options = require "moonshift.call_options"
local core = require "moonshift.core.events"
local errors = require "moonshift.errors"
local event = require "moonshift.event"
local event_listeners = require "moonshift.event_listeners"
local task = require "moonshift.task"
local uv = require "luv"

local event_hub = {}

local ANSWER_S = 30 -- for the server to take an event
local BACKOFF_S, BACKOFF_MAX_S = 1, 30 -- between attempts to connect again; doubles, plus up to half of it
local REPLIES_MAX = 1000 -- publications whose replies are waited for
local PRIORITY = 100
local REPLY = "ftrack.meta.reply"

-- What makes another attempt pointless.
local HOPELESS = {
  authentication = true, permission = true, closed = true, usage = true, not_found = true, server = true,
}

---@class moonshift.EventHub
---@field id string Of this hub, among all that are connected: the `source.id` of what it publishes.
---@field connected boolean
local EventHub = {}

---@class moonshift.Subscription
---@field id string
---@field expression string
---@field metadata table Who listens, as targets see it: `id`, and what was given as `subscriber`.
---@field priority number
local Subscription = {}
Subscription.__index = Subscription

-- ---- talking to the server -------------------------------------------------------------------------------

-- Returns when the server has taken it.
local function send(self, one)
  local channel, wire = self.channel, event.to_wire(one)
  if self.is_embedded then
    channel:publish(wire)
    return
  end
  local worker <close> = task.spawn(channel.publish, channel, wire)
  if not worker:join(ANSWER_S) then
    errors.raise("timeout", ("the event hub of %s has not taken an event within %d s"):format(
      self.session.name, ANSWER_S))
  end
  worker:wait()
end

local function prepare(self, fields)
  local one = event.new(fields)
  one.source.id = one.source.id or self.id
  one.source.user = one.source.user or { username = self.username }
  one.source.host = one.source.host or uv.os_gethostname()
  return one
end

local function announce(self, topic, subscription)
  send(self, prepare(self, {
    topic = "ftrack.meta." .. topic,
    data = { subscriber = subscription.metadata, subscription = subscription.expression },
  }))
end

-- ---- the connection --------------------------------------------------------------------------------------

-- Replies do not queue behind other events: a listener may wait for one.
local function arrive(self, wire)
  local one = event.from_wire(wire)
  local on_reply = one.topic == REPLY and self.replies[one.in_reply_to_event]
  if on_reply and one.target == "id=" .. self.id then
    task.spawn(event_listeners.call, "on_reply", on_reply, one)
  elseif #self.listeners.list > 0 then
    self.listeners:enqueue(one)
  end
end

local function is_connected(self)
  return self.channel ~= nil and self.channel:is_open()
end

local function resubscribe(self)
  self.listeners:each(function(subscription) announce(self, "subscribe", subscription) end)
end

local keep

local function open(self)
  local _ <close> = setmetatable({}, { __close = function() self.connecting = nil end })
  self.channel = core.open(self.session)
  local ok, problem = pcall(resubscribe, self)
  if not ok then
    self.channel:close()
    error(problem, 0)
  end
  self.wanted, self.failure = true, nil
  self.listeners:enqueue(event.new { topic = "ftrack.meta.connected" })
  self.keeper = self.keeper or task.spawn(keep, self)
end

-- Whoever comes while somebody connects waits for the same connection.
local function connect(self)
  if is_connected(self) then return end
  if self.is_embedded then
    open(self)
  else
    self.connecting = self.connecting or task.spawn(open, self)
    self.connecting:wait()
  end
end

-- Tries until it succeeds, or is hopeless.
local function reconnect(self, why)
  local pause_s = BACKOFF_S
  while self.wanted and not is_connected(self) do
    if HOPELESS[errors.code(why)] then return why end
    task.sleep(pause_s * (1 + math.random() / 2))
    pause_s = math.min(2 * pause_s, BACKOFF_MAX_S)
    if self.wanted then
      local ok, problem = pcall(connect, self)
      if not ok and errors.code(problem) == "cancelled" then error(problem, 0) end
      why = problem
    end
  end
  return nil
end

-- Receives as long as the hub is to be connected.
function keep(self)
  local _ <close> = setmetatable({}, { __close = function() self.keeper = nil end })
  while self.wanted do
    local wire, why = self.channel:receive()
    if wire then
      arrive(self, wire)
    elseif self.wanted then
      local problem = reconnect(self, why)
      self.failure = not self.session.closed and problem or nil
      self.wanted = self.wanted and not problem
    end
  end
  if self.failure then
    self.listeners:enqueue(event.new { topic = "ftrack.meta.disconnected" })
  end
end

--- Connects, and waits until that is done. Publishing, subscribing and waiting do it by themselves.
---
--- Raises `network`, `timeout`, `protocol` or `not_found` when the server's hub cannot be reached, `authentication`
--- when it does not accept the user.
function EventHub:connect()
  connect(self)
end

--- Ends the connection; what has come is still handled.
---@param options? { unsubscribe?: boolean } `unsubscribe`: whether the listeners are forgotten; true when not given.
function EventHub:disconnect(options)
  local given = call_options.check(options, { unsubscribe = true }, "disconnect")
  local keeper = self.keeper
  self.wanted = false
  if given.unsubscribe ~= false then self.listeners:clear() end
  if self.channel then self.channel:close() end
  if keeper then
    keeper:cancel()
    keeper:join()
  end
end

--- Waits while events are handled: for `duration`, or until the hub is disconnected or the session closed.
---
--- Raises what ended the connection when it cannot be made again.
---@param duration? number|string Seconds, or text: "500ms", "1h30m". For ever when not given.
function EventHub:wait(duration)
  connect(self)
  local keeper = self.keeper
  if keeper and keeper:join(duration) and self.failure then error(self.failure, 0) end
end

-- ---- subscribing -----------------------------------------------------------------------------------------

local function new_subscription(self, text, callback, options)
  local metadata = {}
  for key, value in pairs(options.subscriber or {}) do metadata[key] = value end
  metadata.id = metadata.id or event.new_id()
  if self.listeners.by_id[metadata.id] then
    errors.raise("not_unique", ("there is a subscriber with the id '%s' already"):format(metadata.id))
  end
  return setmetatable({
    hub = self, id = metadata.id, metadata = metadata, expression = text, compiled = core.expression(text),
    callback = callback, priority = options.priority or PRIORITY,
  }, Subscription)
end

local function subscribe_connected(self, subscription)
  if is_connected(self) then
    announce(self, "subscribe", subscription)
  else
    connect(self)
  end
end

--- Calls `callback(event)` for every event that the expression chooses. Connects, unless `connect` is false: then
--- the server hears of it with the next connection.
---
---     local subscription <close> = hub:subscribe("topic=ftrack.update and source.user.username=ada", print)
---
--- What the callback returns, if anything, is published as a reply. As a `<close>` variable the subscription ends with
--- its scope.
---@param expression string E.g. 'topic=ftrack.action.launch and data.actionIdentifier="render"', "topic=studio.*".
---@param callback fun(event: moonshift.Event): any
---@param options? { subscriber?: table, priority?: number, connect?: boolean } `subscriber`: what targets can choose
--- by, its `id` is made when not given. `priority`: the lower the sooner among the listeners of this hub, 100 when
--- not given.
---@return moonshift.Subscription
function EventHub:subscribe(expression, callback, options)
  local given = call_options.check(options, { subscriber = true, priority = true, connect = true }, "subscribe")
  if type(expression) ~= "string" or not callback then
    errors.raise("usage", "subscribe: an expression and a function are needed")
  end
  local subscription = new_subscription(self, expression, callback, given)
  self.listeners:add(subscription)
  if given.connect ~= false or is_connected(self) then
    local ok, problem = pcall(subscribe_connected, self, subscription)
    if not ok then
      self.listeners:remove(subscription)
      error(problem, 0)
    end
  end
  return subscription
end

--- Ends a subscription. The server is told if it can be reached.
---@param subscription moonshift.Subscription|string Or its id. Raises `not_found` for one that is unknown.
function EventHub:unsubscribe(subscription)
  local id = type(subscription) == "table" and subscription.id or subscription
  local found = self.listeners.by_id[id]
  if not found then errors.raise("not_found", ("there is no subscriber with the id '%s'"):format(tostring(id))) end
  self.listeners:remove(found)
  if is_connected(self) then
    local ok, problem = pcall(announce, self, "unsubscribe", found)
    if not ok and errors.code(problem) == "cancelled" then error(problem, 0) end
  end
end

function Subscription:__close()
  if self.hub.listeners:has(self) then self.hub:unsubscribe(self) end
end

function Subscription:__tostring()
  return ("subscription %s (%s)"):format(self.id, self.expression)
end

-- ---- publishing ------------------------------------------------------------------------------------------

-- Replies to the newest publications are passed on.
local function expect_replies(self, id, on_reply)
  if not self.listeners.by_id[self.id] then
    self:subscribe("topic=" .. REPLY, function() end, { subscriber = { id = self.id } })
  end
  self.replies[id] = on_reply
  self.reply_ids[#self.reply_ids + 1] = id
  if #self.reply_ids > REPLIES_MAX then self.replies[table.remove(self.reply_ids, 1)] = nil end
end

local function publish_remotely(self, one, on_reply)
  connect(self)
  if on_reply then expect_replies(self, one.id, on_reply) end
  send(self, one)
end

--- Publishes an event, and returns when the server has taken it. Connects when that was not done.
---
---     hub:publish { topic = "studio.render-done", data = { shot = shot.id } }
---     hub:publish({ topic = "studio.who-is-there" }, { on_reply = function(reply) print(reply.data.name) end })
---
--- With `synchronous` the event does not leave the program: its listeners are called at once, and what they return is
--- returned as a list.
---@param fields table|moonshift.Event `topic`, and as needed `data`, `target`, `source`, `id`.
---@param options? { on_reply?: fun(reply: moonshift.Event), synchronous?: boolean, on_error?: "raise"|"ignore" }
--- `on_reply`: called for each reply, of which several may come. `on_error`: "raise" when not given.
---@return moonshift.Event|any[]|nil published nil when it was not, and errors are ignored.
function EventHub:publish(fields, options)
  local given = call_options.check(options, { on_reply = true, synchronous = true, on_error = true }, "publish")
  local one = prepare(self, fields)
  if given.synchronous then return self.listeners:tell(one) end
  local ok, problem = pcall(publish_remotely, self, one, given.on_reply)
  if ok then return one end
  if given.on_error ~= "ignore" or errors.code(problem) == "cancelled" then error(problem, 0) end
  return nil
end

--- Publishes a reply to an event: it goes to the hub that published the event.
---@param source_event moonshift.Event
---@param data any
---@param source? table Who replies; this hub when not given.
---@return moonshift.Event
function EventHub:publish_reply(source_event, data, source)
  return self:publish {
    topic = REPLY, data = data, source = source, target = "id=" .. tostring(source_event.source.id),
    in_reply_to_event = source_event.id,
  }
end

-- ---- birth -----------------------------------------------------------------------------------------------

local function index(self, name)
  if name == "connected" then return is_connected(self) end
  return EventHub[name]
end

local METATABLE = {
  __index = index,
  __tostring = function(self) return ("event hub of %s"):format(tostring(self.session)) end,
}

--- The hub of a session; it is connected when it is first used.
---@param session moonshift.Session
---@return moonshift.EventHub
function event_hub.new(session)
  local self = setmetatable({
    id = event.new_id(), session = session, username = session.api_user,
    is_embedded = session.name:find "^embedded:" ~= nil, wanted = false, replies = {}, reply_ids = {},
  }, METATABLE)
  self.listeners = event_listeners.new(function(one, result, subscription)
    self:publish_reply(one, result, subscription.metadata)
  end)
  return self
end

return event_hub
