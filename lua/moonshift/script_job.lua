--- A script as a job: `moonshift run --job "DESCRIPTION" FILE`.
---
--- The job is running while the script runs; done at its end, failed when it raises an error, ends with an
--- exit code other than 0, is stopped, or dies. Whoever ends the job on the tracker stops the script.

local uv = require "luv"
local errors = require "moonshift.errors"
local outbox = require "moonshift.outbox"
local secrets = require "moonshift.secrets"
local system = require "moonshift.core.system"
local task = require "moonshift.task"
require "moonshift.job" -- session:job

---@class moonshift.script_job
local script_job = {}

local CANCEL_LOOK_S = 2 -- between looks whether somebody ended the job

local current

--- The job of the script that runs; nil when it is none.
---
--- ```lua
--- local job = require "moonshift".current_job()
--- if job then job:progress(0.5, "half of the shots") end
--- ```
---@return moonshift.Job?
function script_job.current()
  return current
end

-- Stops the script when somebody else ended its job. A tracker that does not answer does not disturb it.
local function watch(job)
  while true do
    task.sleep(CANCEL_LOOK_S)
    local ok, reason = pcall(job.ended_elsewhere, job)
    if not ok and errors.code(reason) == "cancelled" then error(reason, 0) end
    if ok and reason and job.status == "running" then
      job.cancelled = reason
      return uv.kill(uv.os_getpid(), "sigterm")
    end
  end
end

-- An exit code of the script, as the host understands what it returns.
local function failure(value)
  if value == false then return "exit code 1" end
  local code = math.type(value) == "integer" and value & 0xff or 0
  return code ~= 0 and ("exit code %d"):format(code) or nil
end

local function shown(name, ...)
  return secrets.mask_arguments({ "moonshift", "run", name, ... }, secrets.of_environment())
end

--- Runs a loaded script as a job of the configured tracker, and returns what it returns.
---@param description string
---@param name string The script's, for people.
---@param script function
---@param ... string Its arguments.
---@return any ...
function script_job.run(description, name, script, ...)
  local session <close>, problem = outbox.session()
  if problem then
    errors.warn(("%s; the job will be told later: moonshift outbox"):format(errors.message(problem)))
  end
  local telling <close> = outbox.start(session)
  local job <close> = session:job { description = description, data = { command = shown(name, ...) } }
  local closing <close> = task.spawn(watch, job)
  current = job
  system.set_environment("MOONSHIFT_JOB_ID", job.id)
  local results = table.pack(script(...))
  local reason = failure(results[1])
  if reason and job.status == "running" then job:fail(reason) end
  return table.unpack(results, 1, results.n)
end

return script_job
