--- Running a job's command again: `moonshift jobs retry`, and the button of the Jobs page, which starts that.
---
--- What is run comes from the run record that `wrap --allow-retry` has left on this machine. Its environment is
--- restored; secret variables, and those of the tracker, are the ones that are set now. A command that talked
--- to the tracker over HTTP, and is started again by whoever has that tracker's data folder, gets a key
--- that works as long as it runs.

local cjson = require "cjson"
local uv = require "luv"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local outbox = require "moonshift.outbox"
local paths = require "moonshift.paths"
local run_record = require "moonshift.run_record"
local session_core = require "moonshift.core.session"
local session_module = require "moonshift.session"
local system = require "moonshift.core.system"
local tracker = require "moonshift.tracker"
local wrap = require "moonshift.wrap"

---@class moonshift.rerun
local rerun = {}

---@class moonshift.rerun.Options
---@field data? string The data folder that the session is on, when it was given.
---@field job_id? string The new job's id; a new one when not given.
---@field asked_by? string Who wants it, when that is somebody else.
---@field quiet? boolean No lines of ours, and the command's output goes to the log alone.

-- ---- whether it may be run -------------------------------------------------------------------------

local function title_of(entry)
  return entry.data.description or entry.id
end

local function check_ended(entry)
  if entry.status == "running" or entry.status == "queued" then
    errors.raise("closed", ("the job '%s' is %s: it can be retried when it has ended")
      :format(title_of(entry), entry.status))
  end
end

local function fail_unrecorded(entry)
  local host = entry.data.host
  if not entry.data.retry then
    errors.raise("not_found", ("the command of '%s' was not recorded: moonshift wrap --allow-retry does that")
      :format(title_of(entry)))
  elseif host ~= uv.os_gethostname() then
    errors.raise("not_found", ("the command is recorded on %s, where it ran. There, type: moonshift jobs retry %s")
      :format(tostring(host), entry.id))
  end
  errors.raise("not_found", ("the command is not recorded here: another user of %s ran it, or it is too long ago. "
    .. "Whoever ran it may type: moonshift jobs retry %s"):format(host, entry.id))
end

-- An id is the tracker's whatever way leads there; where there is none the way has to be the same.
local function check_tracker(session, record)
  local id = run_record.tracker_id(session)
  local same = record.tracker == session.name
  if id and record.tracker_id then same = id == record.tracker_id end
  if not same then
    errors.raise("not_found", ("the command was recorded for a job of %s, not of %s")
      :format(record.tracker, session.name))
  end
end

-- ---- one run at a time -----------------------------------------------------------------------------

local function on_close(f)
  return setmetatable({}, { __close = f })
end

-- The key that a command over HTTP gets, by this label, is taken back when the command has ended.
local function label_of(job_id)
  return "retry " .. job_id
end

local function take_key_back(job_id, data)
  for _, key in ipairs(tracker.keys(data)) do
    if key.label == label_of(job_id) then tracker.revoke_key(key.id, data) end
  end
end

-- What retries have left behind that were killed.
local function settle_abandoned(folder)
  for _, lease in ipairs(core.abandoned_leases(folder)) do
    local ok, claim = pcall(cjson.decode, lease:text())
    if ok and claim.lent then pcall(take_key_back, claim.job_id, claim.data) end
    lease:release()
  end
end

local function claimed_by(folder, job_id)
  local file = io.open(("%s/%s.json"):format(folder, job_id))
  local ok, claim = pcall(cjson.decode, file and file:read "a")
  if file then file:close() end
  return ok and claim.job_id or "unknown"
end

-- The right to run a job's command again, until it is closed.
local function claim_run(entry, claim)
  local folder = paths.find("state", "retries")
  settle_abandoned(folder)
  local ok, lease = pcall(core.lease, folder, entry.id, cjson.encode(claim))
  if ok then return on_close(function() lease:release() end) end
  if errors.code(lease) ~= "exists" then error(lease, 0) end
  errors.raise("exists", ("'%s' is being retried already: it is the job %s")
    :format(title_of(entry), claimed_by(folder, entry.id)))
end

-- ---- the place -------------------------------------------------------------------------------------

local function is_embedded(name)
  return name:find "^embedded:" ~= nil
end

-- Our environment becomes the command's. Secret variables stay as they are set now; so do those of a tracker that
-- is reached over HTTP.
local function restore_environment(session, record)
  local stays = {}
  for _, name in ipairs(record.hidden) do stays[name] = true end
  for _, name in ipairs(run_record.TRACKER_VARIABLES) do stays[name] = not is_embedded(session.name) end
  for name in pairs(uv.os_environ()) do
    if not stays[name] then system.set_environment(name, nil) end
  end
  for name, value in pairs(record.environment) do system.set_environment(name, value) end
  for _, name in ipairs(record.hidden) do
    if not os.getenv(name) then errors.warn(("%s is secret and was not recorded; it is not set now"):format(name)) end
  end
end

local function enter_folder(record)
  local ok = uv.chdir(record.cwd)
  if not ok then errors.raise("not_found", ("the folder '%s', where it ran, is gone"):format(record.cwd)) end
end

-- ---- the whole -------------------------------------------------------------------------------------

local function options_of(entry, record, options, claim)
  local all = record.options
  all.user = all.user or record.user
  all.allow_retry = true
  all.job_id = claim.job_id
  all.retry_of = entry.id
  all.retry_by = options.asked_by
  all.quiet, all.quiet_output = options.quiet, options.quiet
  return all
end

local function work(session, entry, record, options, claim)
  local telling <close> = outbox.start(session)
  return wrap.run(session, options_of(entry, record, options, claim))
end

-- Over HTTP, as whom the record names, with a key that is theirs as long as the command runs.
local function work_with_key(entry, record, options, claim)
  local key = tracker.create_key { data = claim.data, user = record.user, label = label_of(claim.job_id) }
  local closing <close> = on_close(function() take_key_back(claim.job_id, claim.data) end)
  system.set_environment("FTRACK_SERVER", record.tracker)
  system.set_environment("FTRACK_API_USER", record.user)
  system.set_environment("FTRACK_API_KEY", key)
  local session <close> = session_module.open { server_url = record.tracker, api_user = record.user, api_key = key }
  return work(session, entry, record, options, claim)
end

--- Runs the command of a job that has ended once more, as a new job with the same user, and returns the exit code
--- as `wrap.run`. Raises `closed` for a job that has not ended, `not_found` without a record or its folder,
--- `exists` while the job is being retried.
---@param session moonshift.Session On the job's tracker.
---@param entry moonshift.jobs.Record
---@param options moonshift.rerun.Options
---@return integer exit_code
function rerun.run(session, entry, options)
  check_ended(entry)
  local record = run_record.read(entry.id) or fail_unrecorded(entry)
  check_tracker(session, record)
  local lent = is_embedded(session.name) and not is_embedded(record.tracker)
  local claim = { job_id = options.job_id or session_core.new_id(), data = options.data, lent = lent }
  local closing <close> = claim_run(entry, claim)
  enter_folder(record)
  restore_environment(session, record)
  if lent then return work_with_key(entry, record, options, claim) end
  return work(session, entry, record, options, claim)
end

return rerun
