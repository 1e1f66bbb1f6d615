--- Run records: what it takes to run a job's command once more.
---
--- One file per job, `runs/ID.json` in the state folder, for its owner alone (folder 0700, file 0600) and written
--- whole or not at all. What is run again comes from here and never from the job's data, which any client of
--- the tracker may write.
---
--- Records hold no secrets: variables that are secret are left out and named, and a command line with a secret
--- in it is not recorded at all. Nor do they hold the variables of the tracker: those come from where the
--- command is run again (moonshift.rerun).

local cjson = require "cjson"
local uv = require "luv"
local errors = require "moonshift.errors"
local paths = require "moonshift.paths"
local secrets = require "moonshift.secrets"
local system = require "moonshift.core.system"

---@class moonshift.run_record
local run_record = {}

---@class moonshift.run_record.Record
---@field job_id string
---@field tracker string The session's name for it.
---@field tracker_id? string The tracker's own id, where it has one.
---@field user string Who acted.
---@field cwd string
---@field environment table<string, string>
---@field hidden string[] Variables that were set and are not recorded, because they are secret.
---@field options moonshift.wrap.Options Those of its next run.

-- Of this run, not of the command.
run_record.TRACKER_VARIABLES = { "FTRACK_SERVER", "FTRACK_API_USER", "FTRACK_API_KEY", "FTRACK_APIKEY" }
local JOB_VARIABLES = { "MOONSHIFT_JOB_ID" }
local FOREIGN_OPTIONS = { "job_id", "quiet", "quiet_output", "read_progress", "retry_by", "retry_of" }

local FOLDER = "runs"
local RETENTION_S = 30 * 24 * 60 * 60
local SIZE_MAX_BYTES = 4 * 1024 * 1024
local OTHERS_MAY_WRITE = tonumber("022", 8)

-- The file of a job. An id may be any text that a client chose: only one that cannot leave the folder has a file.
local function path_of(job_id)
  if not job_id:find "^[%w][%w-]*$" then
    errors.raise("not_found", ("no command is recorded for the job '%s'"):format(job_id))
  end
  return paths.find("state", FOLDER) .. "/" .. job_id .. ".json"
end

local function write_synced(file, text, path)
  local written, problem = uv.fs_write(file, text, 0)
  if written == #text then
    local synced, sync_problem = uv.fs_fsync(file)
    if synced then return end
    problem = sync_problem
  end
  errors.raise("io", ("cannot write '%s': %s"):format(path, problem or "no room is left"))
end

--- Keeps a record, in place of the job's earlier one. Raises when that cannot be done.
---@param record moonshift.run_record.Record
function run_record.write(record)
  local path, text = path_of(record.job_id), cjson.encode(record)
  local file, hidden = uv.fs_mkstemp(paths.make("state", FOLDER) .. "/.run-XXXXXX") -- mode 0600
  if not file then errors.raise("io", ("cannot record the command: %s"):format(hidden)) end
  local ok, problem = pcall(write_synced, file, text, hidden)
  uv.fs_close(file)
  if ok then ok, problem = uv.fs_rename(hidden, path) end
  if ok then return end
  uv.fs_unlink(hidden)
  error(problem, 0)
end

-- ---- making ----------------------------------------------------------------------------------------

-- Whether a value is, or has in it, what nobody may see. The password of a URL counts, too.
local function is_secret(name, value, values)
  return secrets.is_secret_name(name) or secrets.mask(value, values) ~= value
    or value:find "://[^/%s@:]*:[^/%s@]+@" ~= nil
end

local function without(all, names)
  local rest = {}
  for name, value in pairs(all) do rest[name] = value end
  for _, name in ipairs(names) do rest[name] = nil end
  return rest
end

-- Our environment, and the names of what of it is secret.
local function split_environment(values)
  local shown, hidden = {}, {}
  local ours = without(without(uv.os_environ(), run_record.TRACKER_VARIABLES), JOB_VARIABLES)
  for name, value in pairs(ours) do
    if is_secret(name, value, values) then hidden[#hidden + 1] = name else shown[name] = value end
  end
  return shown, hidden
end

local function has_secret(options, values)
  for i, shown in ipairs(secrets.mask_arguments(options.arguments, values)) do
    if shown ~= options.arguments[i] then return true end
  end
  for name, value in pairs(options.environment or {}) do
    if is_secret(name, value, values) then return true end
  end
  return false
end

--- The tracker's own id; nil for one that has none, or that cannot be reached now.
---@param session moonshift.Session
---@return string?
function run_record.tracker_id(session)
  local ok, information = pcall(function() return session.server_information end)
  return ok and information.tracker_id or nil
end

--- Records what a job is about to run. Raises when that cannot be done, `permission` for a command line with a
--- secret in it.
---@param session moonshift.Session
---@param job_id string
---@param options moonshift.wrap.Options
---@param values string[] Secret values: secrets.of_environment().
function run_record.make(session, job_id, options, values)
  if has_secret(options, values) then
    errors.raise("permission", "there is a secret on its command line, and those are not recorded")
  end
  local environment, hidden = split_environment(values)
  run_record.tidy()
  run_record.write {
    job_id = job_id,
    tracker = session.name,
    tracker_id = run_record.tracker_id(session),
    user = session.api_user,
    cwd = uv.cwd(),
    environment = environment,
    hidden = hidden,
    options = without(options, FOREIGN_OPTIONS),
  }
end

-- ---- reading ---------------------------------------------------------------------------------------

-- What somebody else could have put there is not run.
local function check_ours(path)
  local info = uv.fs_lstat(path)
  if not info then return false end
  if info.type ~= "file" or info.uid ~= uv.getuid() or info.mode & OTHERS_MAY_WRITE ~= 0 then
    errors.raise("permission", ("'%s' is not a file that only you can write: it is not used"):format(path))
  end
  return info.size <= SIZE_MAX_BYTES
end

--- The record of a job; nil when there is none. Raises `permission` for one that others can write, and `parse` for
--- one that cannot be read.
---@param job_id string
---@return moonshift.run_record.Record?
function run_record.read(job_id)
  local path = path_of(job_id)
  if not check_ours(path) then return nil end
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "a"
  file:close()
  local ok, record = pcall(cjson.decode, text or "")
  if not ok or type(record) ~= "table" or record.job_id ~= job_id then
    errors.raise("parse", ("the record of the command cannot be read: '%s'"):format(path))
  end
  return record
end

---@param job_id string
function run_record.remove(job_id)
  uv.fs_unlink(path_of(job_id))
end

--- Removes records that are older than thirty days.
function run_record.tidy()
  local folder = paths.find("state", FOLDER)
  local scan = uv.fs_scandir(folder)
  if not scan then return end
  for name in uv.fs_scandir_next, scan do
    local info = uv.fs_lstat(folder .. "/" .. name)
    if info and system.now() - info.mtime.sec > RETENTION_S then uv.fs_unlink(folder .. "/" .. name) end
  end
end

return run_record
