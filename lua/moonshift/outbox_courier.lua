--- The courier: brings the entries of the outbox to their tracker, in order, one process at a time.

local uv = require "luv"
local delivery = require "moonshift.delivery"
local errors = require "moonshift.errors"
local journal = require "moonshift.outbox_journal"
local task = require "moonshift.task"
local text = require "moonshift.text"

---@class moonshift.outbox_courier
local courier = {}

local PATIENCE_S = 2 -- for small deliveries at the start of a verb
local LAST_TRY_S = 5 -- for a tracker that was away to answer when a job has ended
local REST_S = 15 -- how long a tracker that did not answer is not asked again by this process
local BACKOFF_S, BACKOFF_MAX_S = 1, 3600 -- between tries of one entry; doubles each time

local resting = setmetatable({}, { __mode = "k" }) -- session → when it may be tried again, in seconds

local function now_s()
  return uv.hrtime() / 1e9
end

--- Notes that the session's tracker did not answer: it is not asked again for a while.
---@param session moonshift.Session
function courier.rest(session)
  resting[session] = now_s() + REST_S
end

--- Whether the tracker may be asked.
---@param session moonshift.Session
---@return boolean
function courier.may_try(session)
  return now_s() >= (resting[session] or 0)
end

local DELIVER = { call = delivery.call, upload = delivery.upload }

local function deliver_body(session, entry)
  local deliver = DELIVER[entry.kind]
  if not deliver then
    errors.raise("usage", ("this version does not know entries of the kind '%s'"):format(entry.kind))
  end
  deliver(session, journal.decode(entry))
end

local function delay_after(attempts)
  return math.min(BACKOFF_S * 2 ^ math.min(attempts, 30), BACKOFF_MAX_S)
end

-- Delivers one entry and notes the verdict in `result`. Returns false when the tracker does not answer.
local function deliver_entry(session, entries, entry, result)
  local ok, err = pcall(deliver_body, session, entry)
  if ok then
    journal.remove(entries, entry)
    result.delivered = result.delivered + 1
    return true
  end
  if errors.code(err) == "cancelled" then error(err, 0) end
  if delivery.is_refusal(err) then
    entries:refuse(entry.sequence, errors.message(err))
    result.refused = result.refused + 1
    return true
  end
  entries:retry_later(entry.sequence, delay_after(entry.attempts), errors.message(err))
  result.problem = err
  return delivery.probe(session)
end

---@class moonshift.outbox.Result
---@field delivered integer
---@field refused integer
---@field busy? boolean Another process delivers just now.
---@field problem? any Why something could not be delivered, the latest such error.

--- Delivers what waits for the session's tracker and user and is due. Entries that the tracker refuses are
--- kept aside; when it does not answer, the rest waits on.
---@param session moonshift.Session
---@param options? { hurry?: boolean, job_id?: string } `hurry`: what was put off after a failure is due now;
--- `job_id`: of this job alone.
---@return moonshift.outbox.Result
function courier.deliver(session, options)
  options = options or {}
  local result = { delivered = 0, refused = 0 }
  if journal.count(session, options.job_id) == 0 then return result end
  local entries <close> = journal.open()
  if not entries:claim(session.name, session.api_user) then
    result.busy = true
    return result
  end
  if options.hurry then entries:hurry() end
  local entry = entries:take(options.job_id)
  while entry do
    if not deliver_entry(session, entries, entry, result) then
      courier.rest(session)
      break
    end
    entry = entries:take(options.job_id)
  end
  return result
end

local function deliver_quietly(session, options)
  local ok, result = pcall(courier.deliver, session, options)
  if not ok then
    if errors.code(result) ~= "cancelled" then
      errors.warn(("the outbox could not be delivered: %s"):format(errors.message(result)))
    end
  elseif result.refused > 0 then
    errors.warn(("the tracker refused %s: moonshift outbox"):format(text.count(result.refused, "operation")))
  end
end

--- Delivers what waits while the caller goes on, after waiting for it a moment. For verbs, when they have a
--- session; declare it after the session, whose end it must not see.
---
--- ```lua
--- local session <close> = moonshift.session()
--- local telling <close> = outbox.start(session)
--- ```
---@param session moonshift.Session
---@return any delivery A `<close>` variable, at whose end what is not delivered waits on.
function courier.start(session)
  if not courier.may_try(session) or journal.count(session) == 0 then return nil end
  local delivery_task = task.spawn(deliver_quietly, session)
  delivery_task:join(PATIENCE_S)
  return delivery_task
end

local function answers_soon(session)
  local worker <close> = task.spawn(delivery.probe, session)
  return worker:join(LAST_TRY_S) and worker:wait()
end

--- What a job that has ended does last: delivers what waits of it when the tracker is back by now, and
--- otherwise says that it waits.
---@param session moonshift.Session
---@param job_id string
function courier.finish(session, job_id)
  if journal.count(session, job_id) == 0 then return end
  local answers = answers_soon(session)
  if answers then deliver_quietly(session, { job_id = job_id, hurry = true }) end
  local waiting = journal.count(session, job_id)
  if waiting > 0 then
    errors.warn(("%s%s in the outbox: moonshift outbox"):format(
      answers and "" or "the tracker cannot be reached; ",
      waiting == 1 and "1 operation waits" or waiting .. " operations wait"))
  end
end

return courier
