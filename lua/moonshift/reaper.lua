--- The reaper: settles jobs whose process is gone.
---
--- Every running job of this machine has a lease that its process holds. A lease that nobody holds means
--- that its owner died; whoever finds it ends what is left of the command, says in the job why it failed,
--- attaches the log as far as it was written and the outputs that are there, and removes the lease. Leases
--- of jobs on other trackers are left for a session there, and those of jobs that the tracker has not heard
--- all about until it has.
--- A lease may be unreadable after a power cut; then its name, the job's id, has to do.

local cjson = require "cjson"
local uv = require "luv"
local core = require "moonshift.core.job"
local courier = require "moonshift.outbox_courier"
local errors = require "moonshift.errors"
local job = require "moonshift.job"
local outbox = require "moonshift.outbox"
local outputs = require "moonshift.outputs"
local placeholder = require "moonshift.placeholder"
local session_core = require "moonshift.core.session"
local task = require "moonshift.task"

---@class moonshift.reaper
local reaper = {}

local GRACE_S, LOOK_S = 2, 0.05 -- between TERM and KILL; the command had its first TERM when its wrapper died
local REASON = "the machine or moonshift stopped while the job was running"

-- Signals what lives on of a command whose wrapper is gone: everything that was started with the job's id in
-- its environment, and the command itself, should it have cleared that; its pid and start time together
-- cannot mean another process.
local function signal_leftovers(record, number)
  local count = core.signal_variable("MOONSHIFT_JOB_ID=" .. record.job_id, number)
  local pid = record.child_pid
  if pid and core.start_ticks(pid) == record.child_start_ticks and uv.kill(-pid, number) == 0 then
    count = count + 1
  end
  return count
end

local function end_leftovers(record)
  if signal_leftovers(record, uv.constants.SIGTERM) == 0 then return end
  local deadline = uv.hrtime() + GRACE_S * 1e9
  while signal_leftovers(record, 0) > 0 and uv.hrtime() < deadline do task.sleep(LOOK_S) end
  signal_leftovers(record, uv.constants.SIGKILL)
end

-- The log as one file, also of what its writer could not finish. Returns its size, 0 when there is none.
local function recover_log(record)
  if not record.log or not uv.fs_stat(record.log) then return 0 end
  core.recover_log(record.log)
  return uv.fs_stat(record.log).size
end

local function remove_log(record)
  recover_log(record)
  if record.log then uv.fs_unlink(record.log) end
end

-- Returns the component that the log has become.
local function attach_log(session, record)
  if record.log_unwanted or recover_log(record) == 0 then
    remove_log(record)
    return nil
  end
  outbox.attach(session, record.log, {
    job_id = record.job_id,
    component_id = record.log_id,
    again = true,
    name = "output",
    ours = true,
  })
  return record.log_id
end

local function attach_output(session, record, path)
  local ok, err = pcall(outbox.attach, session, path, {
    job_id = record.job_id,
    component_id = outputs.component_id(record.job_id, path),
    again = true,
  })
  if ok then return end
  errors.warn(("an output of job %s is not attached: %s"):format(record.job_id, errors.message(err)))
end

-- What the command had made; files that were not touched since the job began are not its own.
local function attach_outputs(session, record)
  local seen = {}
  for _, pattern in ipairs(record.outputs or {}) do
    for _, path in ipairs(outputs.find(pattern, seen)) do
      local stat = uv.fs_stat(path)
      if stat and stat.ctime.sec >= (record.started_at or 0) then attach_output(session, record, path) end
    end
  end
end

local function is_running(row)
  return row.status == "running" or row.status == "queued"
end

-- Fails the job unless it has ended; its log is attached all the same. True when it was failed.
local function settle(session, record)
  local row = session:call { {
    action = "query",
    expression = ('select status from Job where id is "%s"'):format(record.job_id),
  } }[1].data[1]
  if not row then
    remove_log(record)
    return false
  end
  local log = attach_log(session, record)
  attach_outputs(session, record)
  if not is_running(row) then return false end
  local data = { reason = record.outcome or REASON, ended_at = os.date "!%Y-%m-%dT%H:%M:%SZ", log = log }
  outbox.send(session, { {
    action = "update",
    entity_type = "Job",
    entity_key = { record.job_id },
    entity_data = { __entity_type__ = "Job", status = "failed", data = placeholder.merged(data) },
  } }, { job_id = record.job_id, title = record.description .. ": failed" })
  return true
end

-- ---- leases ----------------------------------------------------------------------------------------

-- What a lease that was cut in mid-write still tells: its name is the job's id.
local function salvaged(name)
  if not name:find "^%x+%-%x+%-%x+%-%x+%-%x+$" then return nil end
  return { job_id = name, description = "job " .. name, log = job.log_path(name), log_id = session_core.new_id() }
end

local function read_lease(lease)
  local ok, record = pcall(cjson.decode, lease:text())
  return ok and type(record) == "table" and record.job_id and record or salvaged(lease:name())
end

-- A cut lease does not say whose it is: whoever finds it asks.
local function belongs_to(session, record)
  return not record.tracker or (record.tracker == session.name and record.user == session.api_user)
end

-- Settles the job of a lease that we hold now. Returns its description when it was failed.
local function reap_lease(session, lease)
  local record = read_lease(lease)
  if not record then return lease:release() end
  end_leftovers(record)
  if not belongs_to(session, record) or outbox.count(session, record.job_id) > 0 then return lease:abandon() end
  local ok, failed = pcall(settle, session, record)
  if not ok then
    errors.warn(("job %s could not be settled, and will be tried again: %s")
      :format(record.job_id, errors.message(failed)))
    return lease:abandon()
  end
  lease:release()
  return failed and record.description or nil
end

--- Settles what nobody looks after any more on this machine and the session's tracker.
---@param session moonshift.Session
---@return string[] descriptions Of the jobs that were found and failed.
function reaper.reap(session)
  local failed = {}
  for _, lease in ipairs(core.abandoned_leases(job.lease_folder())) do
    failed[#failed + 1] = reap_lease(session, lease)
  end
  return failed
end

--- The same for those who have other things to do: with a line for each on standard error, and not while
--- the tracker cannot be reached.
---@param session moonshift.Session
function reaper.tidy(session)
  if not courier.may_try(session) then return end
  local ok, failed = pcall(reaper.reap, session)
  if not ok and errors.code(failed) == "cancelled" then error(failed, 0) end
  for _, description in ipairs(ok and failed or {}) do
    errors.warn(("the job '%s' was left running by a process that is gone; it is failed now"):format(description))
  end
  if not ok then errors.warn(("abandoned jobs cannot be looked for: %s"):format(errors.message(failed))) end
end

return reaper
