--- The listeners of an event hub: which of them an event is for, and their calls, one after the other.

local core = require "moonshift.core.events"
local core_error = require "moonshift.core.error"
local errors = require "moonshift.errors"
local task = require "moonshift.task"

local event_listeners = {}

local WAITING_MAX = 10000 -- events that wait for the listeners

---@class moonshift.EventListeners
---@field by_id table<string, moonshift.Subscription>
---@field list moonshift.Subscription[] By priority.
local Listeners = {}
Listeners.__index = Listeners

-- ---- who there is ----------------------------------------------------------------------------------------

--- Behind those of the same priority.
---@param subscription moonshift.Subscription
function Listeners:add(subscription)
  local list = self.list
  local place = #list + 1
  while place > 1 and list[place - 1].priority > subscription.priority do place = place - 1 end
  table.insert(list, place, subscription)
  self.by_id[subscription.id] = subscription
end

---@param subscription moonshift.Subscription
function Listeners:remove(subscription)
  self.by_id[subscription.id] = nil
  for i, one in ipairs(self.list) do
    if one == subscription then table.remove(self.list, i) break end
  end
end

function Listeners:clear()
  self.list, self.by_id = {}, {}
end

---@param subscription moonshift.Subscription
---@return boolean
function Listeners:has(subscription)
  return self.by_id[subscription.id] == subscription
end

--- Calls `f` for each that is there now, and still there when its turn comes.
---@param f fun(subscription: moonshift.Subscription)
function Listeners:each(f)
  for _, subscription in ipairs { table.unpack(self.list) } do
    if self:has(subscription) then f(subscription) end
  end
end

-- ---- calls -----------------------------------------------------------------------------------------------

local function report(what, err)
  local traceback = errors.traceback(err)
  io.stderr:write(("moonshift: error in %s: %s%s\n"):format(what, errors.message(err),
    traceback and "\n" .. traceback or ""))
end

local function explain(err)
  return errors.traceback(err) and err or core_error.new("error", errors.message(err))
end

--- Calls what somebody else has written; its error is reported, unless it is that its task is to end.
---@param what string Its name in the report.
---@param callback function
---@param ... any
---@return boolean ok
---@return any result
function event_listeners.call(what, callback, ...)
  local ok, result = xpcall(callback, explain, ...)
  if ok then return true, result end
  if errors.code(result) == "cancelled" then error(result, 0) end
  report(what, result)
  return false
end

local function compile_target(one)
  if type(one.target) ~= "string" or one.target == "" then return true, nil end
  return pcall(core.expression, one.target)
end

-- Those whom an event is for. A target that cannot be read is for nobody.
local function choose(self, one)
  local ok, target = compile_target(one)
  local chosen = {}
  for _, subscription in ipairs(ok and self.list or {}) do
    if (not target or target:matches(subscription.metadata)) and subscription.compiled:matches(one) then
      chosen[#chosen + 1] = subscription
    end
  end
  return chosen
end

--- Calls those whom an event is for until one stops it.
---@param one moonshift.Event
---@param on_result? fun(one: moonshift.Event, result: any, subscription: moonshift.Subscription) Called for what they
--- return, if anything.
---@return any[] results
function Listeners:tell(one, on_result)
  local results = {}
  for _, subscription in ipairs(choose(self, one)) do
    if self:has(subscription) then
      local what = ("a listener (%s)"):format(subscription.expression)
      local _, result = event_listeners.call(what, subscription.callback, one)
      results[#results + 1] = result
      if on_result and result ~= nil then
        event_listeners.call("the reply of " .. what, on_result, one, result, subscription)
      end
    end
    if one:is_stopped() then break end
  end
  return results
end

-- ---- the queue -------------------------------------------------------------------------------------------

-- Tells what waits, in order, and ends when nothing does.
local function work(self)
  local _ <close> = setmetatable({}, { __close = function() self.worker = nil end })
  while self.first <= self.last do
    local one = self.waiting[self.first]
    self.waiting[self.first] = nil
    self.first = self.first + 1
    self:tell(one, self.on_result)
  end
end

--- Tells them in a task, when it is the event's turn. What is too much is dropped, with a warning.
---@param one moonshift.Event
function Listeners:enqueue(one)
  if self.last - self.first + 1 >= WAITING_MAX then
    if not self.drops then errors.warn "events come faster than listeners handle them: some are dropped" end
    self.drops = true
    return
  end
  self.drops = false
  self.last = self.last + 1
  self.waiting[self.last] = one
  self.worker = self.worker or task.spawn(work, self)
end

--- Nobody yet.
---@param on_result fun(one: moonshift.Event, result: any, subscription: moonshift.Subscription) For what is returned
--- by those that are told from the queue.
---@return moonshift.EventListeners
function event_listeners.new(on_result)
  return setmetatable({ list = {}, by_id = {}, on_result = on_result, waiting = {}, first = 1, last = 0 }, Listeners)
end

return event_listeners
