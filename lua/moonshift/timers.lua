--- Timers of users: `user:start_timer(…)`, `user:stop_timer()`.

local core = require "moonshift.core.session"
local datetime = core.datetime
local errors = require "moonshift.errors"

---@class moonshift.timers
local timers = {}

---@class moonshift.TimerOptions
---@field context? moonshift.Entity What the time is spent on.
---@field comment? string
---@field name? string
---@field force? boolean Stops the timer that runs, instead of refusing.

local function running(session, user)
  return session:query("select start, context_id, comment, name from Timer where user_id is {id}", { id = user.id })
    :first()
end

--- Starts the user's timer and commits. Raises code "exists" when one runs already, unless `force`.
---@param self moonshift.Entity A User.
---@param options? moonshift.TimerOptions
---@return moonshift.Entity timer
function timers.start_timer(self, options)
  options = options or {}
  local session = core.session_of(self)
  if running(session, self) then
    if not options.force then
      errors.raise("exists", ("a timer of %s runs already: stop it, or use force"):format(tostring(self)))
    end
    timers.stop_timer(self)
  end
  local timer = session:create("Timer", {
    user = self, context = options.context, comment = options.comment, name = options.name,
  })
  session:commit()
  return timer
end

--- Stops the user's timer, makes a Timelog of it and commits. Raises code "not_found" when none runs.
---@param self moonshift.Entity A User.
---@return moonshift.Entity timelog
function timers.stop_timer(self)
  local session = core.session_of(self)
  local timer = running(session, self)
  if not timer then errors.raise("not_found", ("no timer of %s runs"):format(tostring(self))) end
  local timelog = session:create("Timelog", {
    user_id = self.id,
    context_id = timer.context_id,
    comment = timer.comment,
    name = timer.name,
    start = timer.start,
    duration = math.max(0, datetime() - timer.start),
  })
  session:delete(timer)
  session:commit()
  return timelog
end

local User = core.methods "User"
User.start_timer = timers.start_timer
User.stop_timer = timers.stop_timer

return timers
