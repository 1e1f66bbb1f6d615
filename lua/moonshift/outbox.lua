--- The outbox: what a tracker that cannot be reached is to be told later.
---
--- Whoever has something to tell about a job calls `send` or `attach`. They tell it directly when they can;
--- else, or when earlier news of the same job wait, it goes into the journal in the state folder, and any
--- moonshift process of the same tracker and user delivers it: in order, once in effect. What the tracker
--- refuses is kept, with the tracker's words, until somebody sends it again or drops it.

local uv = require "luv"
local component = require "moonshift.component"
local core = require "moonshift.core.job"
local courier = require "moonshift.outbox_courier"
local delivery = require "moonshift.delivery"
local journal = require "moonshift.outbox_journal"
local session_core = require "moonshift.core.session"
local text = require "moonshift.text"

---@class moonshift.outbox
local outbox = {
  count = journal.count,
  list = journal.list,
  retry = journal.retry,
  drop = journal.drop,
  deliver = courier.deliver,
  start = courier.start,
  finish = courier.finish,
}

-- Calls `f(...)`, which tells the tracker something; false when it could not be reached.
local function tell(session, f, ...)
  if not courier.may_try(session) then return false end
  local ok, err = pcall(f, session, ...)
  if ok then return true end
  if not delivery.is_unreachable(err) then error(err, 0) end
  courier.rest(session)
  return false
end

-- Earlier news first: true when none of this job's wait any more.
local function catch_up(session, job_id)
  if journal.count(session, job_id) == 0 then return true end
  if courier.may_try(session) then courier.deliver(session, { job_id = job_id }) end
  return journal.count(session, job_id) == 0
end

--- Opens a session also when the tracker cannot be reached: what it is told then waits.
---@param options? moonshift.SessionOptions
---@return moonshift.Session
---@return any? problem Why the tracker cannot be reached.
function outbox.session(options)
  local session, problem = require "moonshift.session".open_anyway(options)
  if problem then courier.rest(session) end
  return session, problem
end

--- Tells the tracker something about a job, now or later. Raises when the tracker refuses it now, and when
--- it can neither be told nor journalled.
---
--- ```lua
--- outbox.send(session, { { action = "update", … } }, { job_id = job.id, title = "Encode sh010: done" })
--- ```
---@param session moonshift.Session
---@param operations table[] As the wire has them; with ids, and with placeholders for what is not known.
---@param options moonshift.outbox.Options
---@return "sent"|"journalled"
function outbox.send(session, operations, options)
  if catch_up(session, options.job_id) and tell(session, delivery.call, operations) then return "sent" end
  journal.append(session, "call", operations, options)
  return "journalled"
end

--- Tells the tracker something that is worth nothing later, such as progress: true when it could be told.
--- Raises when the tracker refuses it.
---@param session moonshift.Session
---@param operations table[]
---@param job_id string
---@return boolean told
function outbox.mention(session, operations, job_id)
  return catch_up(session, job_id) and tell(session, delivery.call, operations)
end

-- On the disk like the entry that names it.
local function sync(path)
  local file = uv.fs_open(path, "r", 0)
  if not file then return end
  uv.fs_fsync(file)
  uv.fs_close(file)
end

local function new_upload(path, options)
  local size = component.check_file(path)
  local name, file_type = component.split_name(path)
  return {
    component_id = options.component_id or session_core.new_id(),
    component_location_id = session_core.new_id(),
    job_id = options.job_id,
    path = uv.fs_realpath(path),
    name = options.name or name,
    file_type = file_type,
    size = size,
    ours = options.ours,
    again = options.again,
  }
end

local function append_upload(session, upload)
  upload.md5, upload.size = core.checksum(upload.path)
  if upload.ours then sync(upload.path) end
  journal.append(session, "upload", upload, {
    job_id = upload.job_id,
    title = ("attach %s%s (%s)"):format(upload.name, upload.file_type, text.size(upload.size)),
  })
end

---@class moonshift.outbox.AttachOptions
---@field job_id string
---@field component_id? string A new one when not given.
---@field again? boolean Somebody who died may have attached this component already.
---@field name? string What the attachment is called; the file's name when not given.
---@field ours? boolean The file is given to the outbox, which removes it when it was sent or is dropped.
---@field progress? fun(done: integer, total: integer)

--- Attaches a file to a job, now or later. A file that has to wait stays where it is; one that is gone or
--- changed when it is sent at last is refused. Raises as `send`.
---@param session moonshift.Session
---@param path string A regular file.
---@param options moonshift.outbox.AttachOptions
---@return moonshift.delivery.Upload upload What was attached.
---@return "sent"|"journalled"
function outbox.attach(session, path, options)
  local upload = new_upload(path, options)
  if catch_up(session, options.job_id) and tell(session, delivery.upload, upload, options.progress) then
    if upload.ours then uv.fs_unlink(upload.path) end
    return upload, "sent"
  end
  append_upload(session, upload)
  return upload, "journalled"
end

return outbox
