--- The reaper: settles jobs whose process is gone.
---
--- Every running job of this machine has a lease that its process holds. A lease that nobody holds means
--- that its owner died; whoever finds it ends what is left of the command, says in the job why it failed,
--- attaches the log as far as it was written, and removes the lease. Leases of jobs on other trackers
--- are left for a session there, and those of jobs that the tracker has not heard all about until it has.

local cjson = require "cjson"
local uv = require "luv"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local job = require "moonshift.job"
local outbox = require "moonshift.outbox"
local placeholder = require "moonshift.placeholder"

---@class moonshift.reaper
local reaper = {}

local REASON = "the machine or moonshift stopped while the job was running"

-- The command's leader may live on when only its wrapper was killed. Pid and start time together
-- cannot mean another process.
local function end_leftovers(record)
  local pid = record.child_pid
  if not pid or core.start_ticks(pid) ~= record.child_start_ticks then return end
  uv.kill(-pid, uv.constants.SIGTERM)
  uv.sleep(200)
  uv.kill(-pid, uv.constants.SIGKILL)
end

-- Returns the component that the log has become.
local function attach_log(session, record)
  local status = record.log and uv.fs_stat(record.log)
  if not status then return nil end
  if status.size == 0 then
    uv.fs_unlink(record.log)
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

local function settle(session, record)
  end_leftovers(record)
  local row = session:call { {
    action = "query",
    expression = ('select status from Job where id is "%s"'):format(record.job_id),
  } }[1].data[1]
  if not row or (row.status ~= "running" and row.status ~= "queued") then return false end
  local data = {
    reason = record.outcome and record.outcome.reason or REASON,
    ended_at = os.date "!%Y-%m-%dT%H:%M:%SZ",
    log = attach_log(session, record),
  }
  outbox.send(session, { {
    action = "update",
    entity_type = "Job",
    entity_key = { record.job_id },
    entity_data = { __entity_type__ = "Job", status = "failed", data = placeholder.merged(data) },
  } }, { job_id = record.job_id, title = record.description .. ": failed" })
  return true
end

local function belongs_to(session, record)
  return record.tracker == session.name and record.user == session.api_user
end

--- Settles what nobody looks after any more on this machine and the session's tracker.
---@param session moonshift.Session
---@return string[] descriptions Of the jobs that were found and failed.
function reaper.reap(session)
  local settled = {}
  for _, lease in ipairs(core.abandoned_leases(job.lease_folder())) do
    local ok, record = pcall(cjson.decode, lease:text())
    if not ok then
      lease:release() -- cut while it was made: its job was never told of
    elseif not belongs_to(session, record) or outbox.count(session, record.job_id) > 0 then
      lease:abandon()
    else
      local fine, result = pcall(settle, session, record)
      if not fine then
        errors.warn(("job %s could not be settled, and will be tried again: %s")
          :format(record.job_id, errors.message(result)))
        lease:abandon()
      else
        lease:release()
        if result then settled[#settled + 1] = record.description end
      end
    end
  end
  return settled
end

return reaper
