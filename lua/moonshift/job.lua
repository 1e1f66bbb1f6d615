--- Jobs: what people see of a piece of work.
---
--- `session:job { description = … }` makes a Job that is running, tells its progress, and ends it truly:
--- done when its block is left, failed with the reason when an error leaves it, failed by the next
--- moonshift process when this one dies. Its rows travel in requests of their own, so nothing else that
--- the session has pending is committed by them. What matters goes through the outbox: a tracker that cannot
--- be reached is told later.

local cjson = require "cjson"
local uv = require "luv"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local outbox = require "moonshift.outbox"
local paths = require "moonshift.paths"
local placeholder = require "moonshift.placeholder"
local session_core = require "moonshift.core.session"
local task = require "moonshift.task"

local Session = session_core.Session

---@class moonshift.Job
---@field id string
---@field entity moonshift.Entity The Job as an entity of the session.
---@field data table What this job says about itself: see the keys in README.md.
---@field status "running"|"done"|"failed"
---@field description string What is being done.
---@field log_unwanted? boolean Its log is not to be attached, whatever happens.
---@field cancelled? string Why somebody else has ended it, when that is why the work was stopped.
local Job = {}

local PROGRESS_INTERVAL_MS = 1000
local HEARTBEAT_INTERVAL_MS = 30000
local OUTPUT_INTERVAL_MS = 5000
local OUTPUT_BYTES = 4096 -- of the end of the output in a running job's data
local BEAT_S = 1 -- between looks whether there is something to tell

-- ---- records ---------------------------------------------------------------------------------------

local function now()
  return os.date "!%Y-%m-%dT%H:%M:%SZ"
end

local function decode_data(text)
  local ok, data = pcall(cjson.decode, text or "{}")
  return ok and type(data) == "table" and data or {}
end

local function creation(job, username)
  return { {
    action = "create",
    entity_type = "Job",
    entity_key = { job.id },
    entity_data = {
      __entity_type__ = "Job",
      id = job.id,
      user_id = placeholder.user_id(username),
      status = job.status,
      type = "api_job",
      data = cjson.encode(job.data),
    },
  } }
end

-- What others put into the data survives: ours is laid over what is there when it is told. Without a status
-- that stays as it is: somebody may have cancelled the job.
local function update(job, status)
  return { {
    action = "update",
    entity_type = "Job",
    entity_key = { job.id },
    entity_data = { __entity_type__ = "Job", status = status, data = placeholder.merged(job.data) },
  } }
end

local function send(job, operations, what)
  outbox.send(job.session, operations, {
    job_id = job.id,
    title = ("%s: %s"):format(job.description, what),
  })
end

-- Official clients show the description alone, so a running job has its progress there, too.
local function described(job)
  local fraction = job.status == "running" and job.data.progress
  return fraction and ("%s (%d %%)"):format(job.description, math.floor(fraction * 100)) or job.description
end

-- ---- leases ----------------------------------------------------------------------------------------

--- The folder that the leases of this user's running jobs are in.
---@return string
local function lease_folder()
  return paths.find("state", "leases")
end

--- Where the output of a job's command is kept while it runs.
---@param id string The job's.
---@return string
local function log_path(id)
  return paths.find("state", "logs") .. "/" .. id .. ".log"
end

local function lease_text(job)
  return cjson.encode {
    job_id = job.id,
    tracker = job.session.name,
    user = job.session.api_user,
    description = job.data.description,
    pid = uv.os_getpid(),
    log = job.log_path,
    log_id = job.log_id,
    log_unwanted = job.log_unwanted,
    child_pid = job.child_pid,
    child_start_ticks = job.child_start_ticks,
    outputs = job.outputs,
    started_at = job.started_at,
    outcome = job.outcome,
  }
end

-- A state folder without locks is a pity, not a reason to lose the work.
local function acquire_lease(job)
  local ok, lease = pcall(core.lease, lease_folder(), job.id, lease_text(job))
  if ok then
    job.lease = lease
  else
    errors.warn(("the job cannot be watched over after a crash: %s"):format(errors.message(lease)))
  end
end

-- What cannot be noted, as on a full disk, is missed only if we die, too.
local function update_lease(job)
  if job.lease then pcall(job.lease.update, job.lease, lease_text(job)) end
end

local function release_lease(job)
  if job.lease then job.lease:release() end
  job.lease = nil
end

-- ---- the class -------------------------------------------------------------------------------------

-- What a job can become. Whoever leaves `running` lets go of the lease, and nobody comes back.
local MOVES = {
  queued = { running = true, failed = true },
  running = { done = true, failed = true },
  done = {},
  failed = {},
}

local function check_running(job, what)
  if job.status ~= "running" then
    errors.raise("closed", ("cannot %s: the job '%s' is %s already")
      :format(what, job.description, job.status))
  end
end

local function move(job, status)
  assert(MOVES[job.status][status], status)
  job.status = status
end

local function flush(job)
  job.dirty, job.has_new_output = false, false
  job.written_at = uv.now()
  job.data.heartbeat_at = now()
  job.data.description = described(job)
  outbox.mention(job.session, update(job), job.id)
end

--- Tells how far the work is. Cheap to call often: at most one request a second goes out.
---@param fraction number? 0 to 1; nil leaves it.
---@param phase string? What is being done now.
function Job:progress(fraction, phase)
  check_running(self, "tell progress")
  if fraction ~= nil then
    if type(fraction) ~= "number" or fraction ~= fraction then
      errors.raise("usage", ("progress must be a number from 0 to 1, not %s"):format(tostring(fraction)))
    end
    self.data.progress = math.max(0, math.min(1, fraction))
  end
  if phase ~= nil then self.data.phase = tostring(phase) end
  self.dirty = true
  uv.update_time()
  if uv.now() - self.written_at >= PROGRESS_INTERVAL_MS then flush(self) end
end

--- Writes what progress and the heartbeat have pending. Called now and then by whoever waits.
function Job:beat()
  uv.update_time()
  if self.status ~= "running" then return end
  local quiet = uv.now() - self.written_at
  if quiet >= HEARTBEAT_INTERVAL_MS
    or (self.dirty and quiet >= PROGRESS_INTERVAL_MS)
    or (self.has_new_output and quiet >= OUTPUT_INTERVAL_MS) then
    flush(self)
  end
end

-- Tells in the background that the work goes on, as long as the script waits now and then.
local function keep_beating(job)
  local warned = false
  while job.status == "running" do
    task.sleep(BEAT_S)
    local ok, err = pcall(job.beat, job)
    if not ok and errors.code(err) == "cancelled" then error(err, 0) end
    if not ok and not warned then
      errors.warn(("progress could not be told: %s"):format(errors.message(err)))
      warned = true
    end
  end
end

--- Shows the end of the output to whoever looks at the job while it runs; told with the next beat.
---@param output string
function Job:show_output(output)
  local tail = #output > OUTPUT_BYTES and output:sub(-OUTPUT_BYTES):gsub("^[^\n]*\n", "", 1) or output
  if tail == (self.data.tail or "") then return end
  self.data.tail = tail
  self.has_new_output = true
end

--- Changes the sentence that people see.
---@param description string
function Job:describe(description)
  check_running(self, "describe it")
  self.description = description
  flush(self)
end

-- The component that a file has become, or will be when the tracker can be reached.
local function component_of(session, upload)
  local values = {
    id = upload.component_id, name = upload.name, file_type = upload.file_type, size = upload.size,
  }
  if not session_core.has_schema(session) then return values end
  return session_core.entity(session, "FileComponent", values)
end

local function attach_component(job, entity)
  send(job, { {
    action = "create",
    entity_type = "JobComponent",
    entity_key = { entity.id, job.id },
    entity_data = { __entity_type__ = "JobComponent", component_id = entity.id, job_id = job.id },
  } }, "attach " .. entity.id)
  return entity
end

---@class moonshift.Job.AttachOptions
---@field name? string What the attachment is called; the file's name when not given.
---@field component_id? string The component's id; a new one when not given.
---@field ours? boolean The file is removed when it was sent.
---@field progress? fun(done: integer, total: integer) Called with bytes while sending.

--- Attaches a file, or a component that exists already. When the tracker cannot be reached the file waits
--- where it is, and is sent later.
---@param file string|moonshift.Entity
---@param options? moonshift.Job.AttachOptions
---@return moonshift.Entity component
function Job:attach(file, options)
  options = options or {}
  local entity
  if type(file) == "string" then
    entity = component_of(self.session, (outbox.attach(self.session, file, {
      job_id = self.id,
      component_id = options.component_id,
      name = options.name,
      ours = options.ours,
      progress = options.progress,
    })))
  else
    entity = attach_component(self, file)
  end
  self.attachments = self.attachments + 1
  return entity
end

--- Why the job has ended although we did not end it; nil while it runs, or when the tracker does not say.
---@return string?
function Job:ended_elsewhere()
  if outbox.count(self.session, self.id) > 0 then return nil end
  local row = self.session:call { {
    action = "query",
    expression = ('select status, data from Job where id is "%s"'):format(self.id),
  } }[1].data[1]
  if not row then return "the job was deleted" end
  if row.status == "running" or row.status == "queued" then return nil end
  return decode_data(row.data).reason or "cancelled by another client"
end

local function stop_beating(job)
  local closing <close> = job.beating
  job.beating = nil
end

local function settle(job, status)
  stop_beating(job)
  job.data.ended_at = now()
  job.data.duration_s = (uv.hrtime() - job.started) / 1e9
  job.data.description = job.description
  job.data.tail = job.data.tail and cjson.null -- the log is attached now, or nobody wants it
  send(job, update(job, status), status)
  move(job, status)
  release_lease(job)
  outbox.finish(job.session, job.id)
end

--- Ends the job: done.
function Job:finish()
  check_running(self, "finish it")
  self.data.progress = 1
  settle(self, "done")
end

--- Ends the job: failed.
---@param reason string A sentence that a person understands.
---@param traceback string?
function Job:fail(reason, traceback)
  check_running(self, "fail it")
  self.data.reason = reason
  self.data.traceback = traceback
  settle(self, "failed")
end

--- Remembers the command that works for this job, so that whoever finds the job abandoned can end it.
---@param pid integer
---@param start_ticks integer
function Job:supervise(pid, start_ticks)
  self.child_pid, self.child_start_ticks = pid, start_ticks
  self.data.pid = pid
  update_lease(self)
end

--- Remembers why the job is to be called failed, should we not come to say it.
---@param reason string
function Job:foresee(reason)
  self.outcome = reason
  update_lease(self)
end

function Job:__index(name)
  if name == "entity" then return self.session:get("Job", self.id) end
  return Job[name]
end

function Job:__tostring()
  return ("job %s (%s)"):format(self.id, self.status)
end

--- Ends the job as a piece of code has ended: done without an error, and after os.exit(0).
---@param err any What was raised; nil for nothing.
function Job:conclude(err)
  local code = errors.code(err)
  if self.cancelled then
    self:fail(self.cancelled)
  elseif err == nil or (code == "exit" and err.exit_code == 0) then
    self:finish()
  elseif code == "exit" or code == "cancelled" then
    self:fail(errors.message(err))
  else
    self:fail(errors.message(err), errors.traceback(err))
  end
end

function Job:__close(err)
  if self.status == "running" then self:conclude(err) end
end

--- Makes a job that is running now. Take it with `<close>`.
---
--- ```lua
--- local job <close> = session:job { description = "Transcode sh010" }
--- job:progress(0.5, "pass 1")
--- job:attach "sh010.mov"
--- ```
---@param options { description: string, user?: string, data?: table, id?: string } `user`: whose jobs menu it
--- appears in (a username; the session's own when not given); `data`: further keys of the job's data; `id`: a new
--- one when not given.
---@return moonshift.Job
function Session:job(options)
  if type(options) ~= "table" or type(options.description) ~= "string" then
    errors.raise("usage", 'session:job wants { description = "what is being done" }')
  end
  require "moonshift.reaper".tidy(self) -- it requires this module
  local id = options.id or session_core.new_id()
  local job = setmetatable({
    id = id,
    log_path = log_path(id), -- if a command's output is kept at all
    log_id = session_core.new_id(), -- whoever attaches the log, it is the same component
    session = self,
    status = "running",
    started = uv.hrtime(),
    started_at = os.time(),
    written_at = uv.now(),
    dirty = false,
    attachments = 0,
    description = options.description,
    data = {
      description = options.description,
      host = uv.os_gethostname(),
      pid = uv.os_getpid(),
      started_at = now(),
      heartbeat_at = now(),
      attempt = 1,
    },
  }, Job)
  for key, value in pairs(options.data or {}) do job.data[key] = value end
  acquire_lease(job) -- first: a job without one would be running for ever if we died here
  local ok, err = pcall(send, job, creation(job, options.user or self.api_user), "running")
  if not ok then
    release_lease(job)
    error(err, 0)
  end
  job.beating = task.spawn(keep_beating, job)
  return job
end

return { Job = Job, lease_folder = lease_folder, log_path = log_path, decode_data = decode_data }
