--- The reaper: settles jobs whose process is gone.
---
--- Every running job of this machine has a lease that its process holds. A lease that nobody holds means
--- that its owner died; whoever finds it ends what is left of the command, says in the job why it failed,
--- attaches the log as far as it was written, and removes the lease. Leases of jobs on other trackers
--- are left for a session there.

local cjson = require "cjson"
local uv = require "luv"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local job = require "moonshift.job"

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

local function attach_log(session, record, data)
  local status = record.log and uv.fs_stat(record.log)
  if not status then return end
  if status.size > 0 then
    local entity = session:create_component(record.log, { name = "log" })
    session:call { {
      action = "create",
      entity_type = "JobComponent",
      entity_key = { entity.id, record.job_id },
      entity_data = {
        __entity_type__ = "JobComponent",
        component_id = entity.id,
        job_id = record.job_id,
      },
    } }
    data.log = entity.id
  end
  uv.fs_unlink(record.log)
end

local function settle(session, record)
  end_leftovers(record)
  local row = session:call { {
    action = "query",
    expression = ('select status, data from Job where id is "%s"'):format(record.job_id),
  } }[1].data[1]
  if not row or (row.status ~= "running" and row.status ~= "queued") then return false end
  local data = job.decode_data(row.data)
  data.reason = record.outcome and record.outcome.reason or REASON
  data.ended_at = os.date "!%Y-%m-%dT%H:%M:%SZ"
  attach_log(session, record, data)
  session:call { {
    action = "update",
    entity_type = "Job",
    entity_key = { record.job_id },
    entity_data = { __entity_type__ = "Job", status = "failed", data = cjson.encode(data) },
  } }
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
    elseif not belongs_to(session, record) then
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
