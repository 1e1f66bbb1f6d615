--- The outbox: what a tracker that cannot be reached is to be told later.
---
--- Whoever has something to tell about a job calls `send` or `attach`. They tell it directly when they can;
--- else, or when earlier news of the same job wait, it goes into the journal in the state folder, and any
--- moonshift process of the same tracker and user delivers it: in order, once in effect. What the tracker
--- refuses is kept, with the tracker's words, until somebody sends it again or drops it.

local cjson = require "cjson"
local uv = require "luv"
local component = require "moonshift.component"
local core = require "moonshift.core.job"
local delivery = require "moonshift.delivery"
local errors = require "moonshift.errors"
local paths = require "moonshift.paths"
local session_core = require "moonshift.core.session"
local task = require "moonshift.task"
local text = require "moonshift.text"

---@class moonshift.outbox
local outbox = {}

local PATIENCE_S = 2 -- for small deliveries at the start of a verb
local LAST_TRY_S = 5 -- for a tracker that was away to answer when a job has ended
local REST_S = 15 -- how long a tracker that did not answer is not asked again by this process
local BACKOFF_S, BACKOFF_MAX_S = 1, 3600 -- between tries of one entry; doubles each time

-- ---- the journal -----------------------------------------------------------------------------------

local function open()
  return core.journal(paths.find "state")
end

-- Most runs never need the journal: then it is not even made.
local function open_if_any()
  return uv.fs_stat(paths.find("state", "outbox.db")) and open() or nil
end

local function count(session, job_id)
  local entries <close> = open_if_any()
  if not entries then return 0, 0 end
  return entries:count(session.name, session.api_user, job_id)
end

local warned = false

--- How many operations wait for the session's tracker and user, and how many of them were refused. None, after
--- a warning, when the outbox cannot be read: that is no reason not to talk to a tracker that can be reached.
---@param session moonshift.Session
---@param job_id? string Of this job alone.
---@return integer waiting
---@return integer refused
function outbox.count(session, job_id)
  local ok, waiting, refused = pcall(count, session, job_id)
  if ok then return waiting, refused end
  if not warned then errors.warn(("the outbox cannot be read: %s"):format(errors.message(waiting))) end
  warned = true
  return 0, 0
end

--- Every entry in order, whatever its tracker and user.
---@return moonshift.Journal.Entry[]
function outbox.list()
  local entries <close> = open_if_any()
  local all, page = {}, entries and entries:list() or {}
  while #page > 0 do
    table.move(page, 1, #page, #all + 1, all)
    page = entries:list(page[#page].sequence)
  end
  return all
end

-- JSON numbers come back as floats; on the wire a whole number is an integer.
local function with_integers(value)
  if type(value) == "number" then return math.tointeger(value) or value end
  if type(value) == "table" then
    for key, item in pairs(value) do value[key] = with_integers(item) end
  end
  return value
end

local function decode(entry)
  return with_integers(cjson.decode(entry.body))
end

-- ---- recording -------------------------------------------------------------------------------------

local resting = setmetatable({}, { __mode = "k" }) -- session → when it may be tried again, in seconds

local function now_s()
  return uv.hrtime() / 1e9
end

local function rest(session)
  resting[session] = now_s() + REST_S
end

local function may_try(session)
  return now_s() >= (resting[session] or 0)
end

local function append(session, kind, body, options)
  local entries <close> = open()
  entries:append {
    tracker = session.name,
    user = session.api_user,
    job_id = options.job_id,
    kind = kind,
    title = options.title,
    body = cjson.encode(body),
  }
end

-- Calls `f(...)`, which tells the tracker something; false when it could not be reached.
local function tell(session, f, ...)
  if not may_try(session) then return false end
  local ok, err = pcall(f, session, ...)
  if ok then return true end
  if not delivery.is_unreachable(err) then error(err, 0) end
  rest(session)
  return false
end

-- Earlier news first: true when none of this job's wait any more.
local function catch_up(session, job_id)
  if outbox.count(session, job_id) == 0 then return true end
  if may_try(session) then outbox.deliver(session, { job_id = job_id }) end
  return outbox.count(session, job_id) == 0
end

--- Opens a session also when the tracker cannot be reached: what it is told then waits.
---@param options? moonshift.SessionOptions
---@return moonshift.Session
---@return any? problem Why the tracker cannot be reached.
function outbox.session(options)
  local session, problem = require "moonshift.session".open_anyway(options)
  if problem then rest(session) end
  return session, problem
end

---@class moonshift.outbox.Options
---@field job_id string The job that it is about.
---@field title string A line for people: what it is.

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
  append(session, "call", operations, options)
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

-- On the disk like the entry that will name it.
local function sync(path)
  local file = uv.fs_open(path, "r", 0)
  if not file then return end
  uv.fs_fsync(file)
  uv.fs_close(file)
end

-- A file that is ours to delete may be gone soon: a link of our own keeps its bytes.
local function keep(upload)
  local kept = paths.make("state", "outbox") .. "/" .. upload.component_id
  local ok, message = uv.fs_link(upload.path, kept)
  if not ok then ok, message = uv.fs_copyfile(upload.path, kept) end
  if not ok then errors.raise("io", ("cannot keep '%s' for later: %s"):format(upload.path, message)) end
  sync(kept)
  upload.path, upload.kept = kept, true
end

local function forget_kept_file(upload)
  if upload.kept then uv.fs_unlink(upload.path) end
end

local function append_upload(session, upload, ours)
  upload.md5, upload.size = core.checksum(upload.path)
  if ours then keep(upload) end
  local ok, err = pcall(append, session, "upload", upload, {
    job_id = upload.job_id,
    title = ("attach %s%s (%s)"):format(upload.name, upload.file_type, text.size(upload.size)),
  })
  if not ok then
    forget_kept_file(upload)
    error(err, 0)
  end
end

---@class moonshift.outbox.AttachOptions
---@field job_id string
---@field name? string What the attachment is called; the file's name when not given.
---@field ours? boolean The file is deleted by us afterwards: it is kept when it has to wait.
---@field progress? fun(done: integer, total: integer)

--- Attaches a file to a job, now or later. A file that has to wait stays where it is, unless it is ours; one
--- that is gone or changed when it is sent at last is refused. Raises as `send`.
---@param session moonshift.Session
---@param path string A regular file.
---@param options moonshift.outbox.AttachOptions
---@return moonshift.delivery.Upload upload What was attached.
---@return "sent"|"journalled"
function outbox.attach(session, path, options)
  local size = component.check_file(path)
  local name, file_type = component.split_name(path)
  local upload = {
    component_id = session_core.new_id(),
    component_location_id = session_core.new_id(),
    job_id = options.job_id,
    path = uv.fs_realpath(path),
    name = options.name or name,
    file_type = file_type,
    size = size,
  }
  if catch_up(session, options.job_id) and tell(session, delivery.upload, upload, options.progress) then
    return upload, "sent"
  end
  append_upload(session, upload, options.ours)
  return upload, "journalled"
end

-- ---- delivering ------------------------------------------------------------------------------------

local DELIVER = { call = delivery.call, upload = delivery.upload }

local function deliver_body(session, entry)
  local deliver = DELIVER[entry.kind]
  if not deliver then
    errors.raise("usage", ("this version does not know entries of the kind '%s'"):format(entry.kind))
  end
  deliver(session, decode(entry))
end

local function remove(entries, entry)
  entries:remove(entry.sequence)
  if entry.kind == "upload" then forget_kept_file(decode(entry)) end
end

local function delay_after(attempts)
  return math.min(BACKOFF_S * 2 ^ math.min(attempts, 30), BACKOFF_MAX_S)
end

-- Delivers one entry and notes the verdict in `result`. Returns false when the tracker does not answer.
local function deliver_entry(session, entries, entry, result)
  local ok, err = pcall(deliver_body, session, entry)
  if ok then
    remove(entries, entry)
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
function outbox.deliver(session, options)
  options = options or {}
  local result = { delivered = 0, refused = 0 }
  if outbox.count(session, options.job_id) == 0 then return result end
  local entries <close> = open()
  if not entries:claim(session.name, session.api_user) then
    result.busy = true
    return result
  end
  if options.hurry then entries:hurry() end
  local entry = entries:take(options.job_id)
  while entry do
    if not deliver_entry(session, entries, entry, result) then
      rest(session)
      break
    end
    entry = entries:take(options.job_id)
  end
  return result
end

local function deliver_quietly(session, options)
  local ok, result = pcall(outbox.deliver, session, options)
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
function outbox.start(session)
  if not may_try(session) or outbox.count(session) == 0 then return nil end
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
function outbox.finish(session, job_id)
  if outbox.count(session, job_id) == 0 then return end
  local answers = answers_soon(session)
  if answers then deliver_quietly(session, { job_id = job_id, hurry = true }) end
  local waiting = outbox.count(session, job_id)
  if waiting > 0 then
    errors.warn(("%s%s in the outbox: moonshift outbox"):format(
      answers and "" or "the tracker cannot be reached; ",
      waiting == 1 and "1 operation waits" or waiting .. " operations wait"))
  end
end

--- Lets a refused entry wait again.
---@param entry moonshift.Journal.Entry
function outbox.retry(entry)
  local entries <close> = open()
  entries:retry(entry.sequence)
end

--- Drops an entry: it will never be delivered.
---@param entry moonshift.Journal.Entry
function outbox.drop(entry)
  local entries <close> = open()
  remove(entries, entry)
end

return outbox
