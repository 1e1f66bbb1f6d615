--- Commits that take effect once, whatever happens to their answers.
---
--- A batch whose answer was lost may or may not have been taken. All ids are made here and a batch is taken whole
--- or not at all, so one question tells: is the first entity that it creates there (or the first that it
--- deletes gone)? If so, the batch is done; if not, it is sent again. A batch of nothing but assignments
--- is sent again without asking.

local core = require "moonshift.core.session"
local errors = require "moonshift.errors"
local expression = require "moonshift.expression"
local system = require "moonshift.core.system"
local task = require "moonshift.core.task"

---@class moonshift.commit
local commit = {}

local ATTEMPTS_MAX = 5
local BACKOFF_S = 0.25 -- doubles each time, plus up to 100 % jitter
local PATIENCE_S = 60  -- no new attempt after this

-- Errors that leave open whether the server took the batch, and that may be over soon.
local PASSING = { network = true, timeout = true, protocol = true, exists = true }

local function is_there(session, entity)
  local conditions = {}
  for name, value in pairs(entity:primary_key()) do
    conditions[#conditions + 1] = ("%s is %s"):format(name, expression.literal(tostring(value)))
  end
  local answer = session:call { {
    action = "query",
    expression = ("select %s from %s where %s limit 1"):format(next(entity:primary_key()), entity.__entity_type__,
      table.concat(conditions, " and ")),
  } }
  return answer[1].data[1] ~= nil
end

-- Finds out whether an uncertain batch was taken; nil when it cannot be told.
local function was_taken(session)
  local kind, entity = core.uncertain(session)
  if kind == "create" then return is_there(session, entity) end
  if kind == "delete" then return not is_there(session, entity) end
end

-- One attempt: what an earlier one left uncertain comes first, then what was recorded behind it. Not in a
-- loop, because other tasks may record changes all the time.
local function attempt(session)
  if core.uncertain(session) and was_taken(session) then core.settle(session) end
  if core.commit(session) then core.commit(session) end
end

-- "exists" about an id that was made here: the batch was delivered twice, or it is about something else.
local function settle_twin(session)
  local taken = was_taken(session)
  if taken then core.settle(session) else core.thaw(session) end
  return taken
end

--- Sends what the session recorded as one batch, all or nothing. See `Session:commit`.
---@param session moonshift.Session
function commit.run(session)
  local deadline = system.monotonic() + PATIENCE_S
  for count = 1, ATTEMPTS_MAX do
    local ok, problem = pcall(attempt, session)
    if ok then return end
    local code = errors.code(problem)
    if code == "exists" and core.uncertain(session) and settle_twin(session) then return end
    local is_last = count == ATTEMPTS_MAX or system.monotonic() > deadline
    if is_last or not PASSING[code] or not core.uncertain(session) then error(problem, 0) end
    task.sleep(BACKOFF_S * 2 ^ (count - 1) * (1 + math.random()))
  end
end

return commit
