--- The outbox's journal as Lua sees it: one file for all processes of the user, open only while it is used.
---
--- An entry is a call (operations of the wire, with placeholders) or an upload (a file that is to become a
--- component of a job).

local cjson = require "cjson"
local uv = require "luv"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local paths = require "moonshift.paths"

---@class moonshift.outbox_journal
local outbox_journal = {}

--- Opens it. Take it with `<close>`.
---@return moonshift.Journal
function outbox_journal.open()
  return core.journal(paths.find "state")
end

-- Most runs never need the journal: then it is not even made.
local function open_if_any()
  return uv.fs_stat(paths.find("state", "outbox.db")) and outbox_journal.open() or nil
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
function outbox_journal.count(session, job_id)
  local ok, waiting, refused = pcall(count, session, job_id)
  if ok then return waiting, refused end
  if not warned then errors.warn(("the outbox cannot be read: %s"):format(errors.message(waiting))) end
  warned = true
  return 0, 0
end

--- Every entry in order, whatever its tracker and user.
---@return moonshift.Journal.Entry[]
function outbox_journal.list()
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

--- The body of an entry.
---@param entry moonshift.Journal.Entry
---@return table
function outbox_journal.decode(entry)
  return with_integers(cjson.decode(entry.body))
end

local function append(session, kind, body, options)
  local entries <close> = outbox_journal.open()
  entries:append {
    tracker = session.name,
    user = session.api_user,
    job_id = options.job_id,
    kind = kind,
    title = options.title,
    body = cjson.encode(body),
  }
end

---@class moonshift.outbox.Options
---@field job_id string The job that it is about.
---@field title string A line for people: what it is.

--- Adds an entry; it is on the disk when this returns. Raises when that cannot be done.
---@param session moonshift.Session Whose tracker and user it is for.
---@param kind "call"|"upload"
---@param body table
---@param options moonshift.outbox.Options
function outbox_journal.append(session, kind, body, options)
  local ok, err = pcall(append, session, kind, body, options)
  if ok then return end
  errors.raise(errors.code(err), ("the outbox cannot take '%s' for later: %s")
    :format(options.title, errors.message(err)))
end

--- Removes an entry that was delivered or is not wanted. A file of ours goes first: when we die in between, the
--- entry finds that it was delivered.
---@param entries moonshift.Journal
---@param entry moonshift.Journal.Entry
function outbox_journal.remove(entries, entry)
  local ok, body = pcall(outbox_journal.decode, entry)
  if ok and entry.kind == "upload" and body.ours then uv.fs_unlink(body.path) end
  entries:remove(entry.sequence)
end

--- Lets a refused entry wait again.
---@param entry moonshift.Journal.Entry
function outbox_journal.retry(entry)
  local entries <close> = outbox_journal.open()
  entries:retry(entry.sequence)
end

--- Drops an entry: it will never be delivered.
---@param entry moonshift.Journal.Entry
function outbox_journal.drop(entry)
  local entries <close> = outbox_journal.open()
  outbox_journal.remove(entries, entry)
end

return outbox_journal
