--- Jobs as people look at them: lists, details, attachments.

local cjson = require "cjson"
local uv = require "luv"
local errors = require "moonshift.errors"
local job = require "moonshift.job"
local text = require "moonshift.text"

---@class moonshift.jobs
local jobs = {}

local SHORT_ID = 8
local DESCRIPTION_WIDTH = 60

local PROJECTIONS = "id, status, created_at, finished_at, data, user.username, "
  .. "job_components.component.name, job_components.component.file_type, "
  .. "job_components.component.size, job_components.url"

---@class moonshift.jobs.Record A job as plain values.
---@field id string
---@field status string
---@field created_at string? UTC, ISO 8601.
---@field finished_at string?
---@field user string?
---@field data table The job's data, decoded.
---@field attachments { id: string, name: string, size: integer, url: string? }[]

local function quoted(value)
  return '"' .. tostring(value):gsub('["\\]', "\\%0") .. '"'
end

local function date(value)
  return type(value) == "table" and value.value or nil
end

local function attachment(row)
  local component = row.component or {}
  return {
    id = row.component_id,
    name = (component.name or "?") .. (component.file_type or ""),
    size = component.size or 0,
    url = type(row.url) == "table" and (row.url.url or row.url.value) or nil,
  }
end

local function record(row)
  local attachments = {}
  for i, entry in ipairs(row.job_components or {}) do attachments[i] = attachment(entry) end
  return {
    id = row.id,
    status = row.status,
    created_at = date(row.created_at),
    finished_at = date(row.finished_at),
    user = type(row.user) == "table" and row.user.username or nil,
    data = job.decode_data(row.data),
    attachments = attachments,
  }
end

local function query(session, condition)
  local expression = ("select %s from Job %s"):format(PROJECTIONS, condition)
  local records = {}
  for i, row in ipairs(session:call { { action = "query", expression = expression } }[1].data) do
    records[i] = record(row)
  end
  return records
end

--- The newest jobs first.
---@param session moonshift.Session
---@param options { status?: string, user?: string, limit?: integer }
---@return moonshift.jobs.Record[]
function jobs.list(session, options)
  local conditions = {}
  if options.status then conditions[#conditions + 1] = "status is " .. quoted(options.status) end
  if options.user then conditions[#conditions + 1] = "user.username is " .. quoted(options.user) end
  local where = #conditions > 0 and "where " .. table.concat(conditions, " and ") or ""
  return query(session, ("%s order by created_at descending limit %d"):format(where, options.limit or 20))
end

--- The job whose id is, or begins with, `prefix`.
---@param session moonshift.Session
---@param prefix string
---@return moonshift.jobs.Record
function jobs.find(session, prefix)
  local found = query(session, ("where id like %s limit 2"):format(quoted(prefix:gsub("[%%_]", "\\%0") .. "%")))
  if #found == 0 then
    errors.raise("not_found", ("there is no job '%s': moonshift jobs lists them"):format(prefix))
  elseif #found > 1 then
    errors.raise("not_unique", ("more than one job's id begins with '%s': give more of it"):format(prefix))
  end
  return found[1]
end

-- ---- ending jobs -----------------------------------------------------------------------------------

local function fail(session, entry, data)
  for key, value in pairs(data) do entry.data[key] = value end
  entry.data.ended_at = os.date "!%Y-%m-%dT%H:%M:%SZ"
  session:call { {
    action = "update",
    entity_type = "Job",
    entity_key = { entry.id },
    entity_data = { __entity_type__ = "Job", status = "failed", data = cjson.encode(entry.data) },
  } }
end

--- Cancels a job that has not ended: it is failed at once, and its wrapper ends the command when it notices.
---@param session moonshift.Session
---@param entry moonshift.jobs.Record
function jobs.cancel(session, entry)
  if entry.status ~= "running" and entry.status ~= "queued" then
    errors.raise("closed", ("the job '%s' is %s already"):format(entry.data.description or entry.id, entry.status))
  end
  fail(session, entry, { reason = "cancelled by " .. session.api_user, cancelled_by = session.api_user })
end

-- When a job last gave a sign of life, as UTC text that sorts.
local function last_sign(entry)
  return (entry.data.heartbeat_at or entry.created_at or ""):sub(1, 19)
end

local REAP_PAGE = 500

--- Fails running jobs that gave no sign of life for `age` seconds. Those of this host have leases, which
--- know better: they are left to the reaper, unless they never said where they run.
---@param session moonshift.Session
---@param age number
---@return moonshift.jobs.Record[] failed
function jobs.reap_silent(session, age)
  local limit = os.date("!%Y-%m-%dT%H:%M:%S", os.time() - math.floor(age))
  local here, failed = uv.os_gethostname(), {}
  for _, entry in ipairs(jobs.list(session, { status = "running", limit = REAP_PAGE })) do
    if last_sign(entry) < limit and entry.data.host ~= here then
      fail(session, entry, {
        reason = ("no sign of life since %s UTC%s"):format(last_sign(entry):gsub("T", " "),
          entry.data.host and " from " .. entry.data.host or ""),
      })
      failed[#failed + 1] = entry
    end
  end
  return failed
end

-- ---- for people ------------------------------------------------------------------------------------

local function when(entry)
  local value = entry.data.started_at or entry.created_at
  return value and value:sub(1, 16):gsub("T", " ") or ""
end

local function took(entry)
  return entry.data.duration_s and text.duration(entry.data.duration_s) or ""
end

local function status(entry)
  local progress = entry.data.progress
  if entry.status == "running" and progress then
    return ("%s %d %%"):format(entry.status, math.floor(progress * 100))
  end
  return entry.status
end

-- Without the progress that official clients are shown there: we show it elsewhere.
local function description(entry)
  local line = entry.data.description or ""
  return entry.data.progress and line:gsub(" %(%d+ %%%)$", "") or line
end

local COLUMNS = {
  { title = "ID", width = SHORT_ID, value = function(entry) return entry.id:sub(1, SHORT_ID) end },
  { title = "STATUS", width = 12, value = status },
  { title = "WHEN (UTC)", width = 16, value = when },
  { title = "TOOK", width = 11, value = took },
  { title = "FILES", width = 5, value = function(entry) return ("%5d"):format(#entry.attachments) end },
  { title = "DESCRIPTION", width = DESCRIPTION_WIDTH, value = function(entry)
    return text.fit(description(entry), DESCRIPTION_WIDTH)
  end },
}

--- A table of jobs, a line each.
---@param records moonshift.jobs.Record[]
---@return string
function jobs.format_list(records)
  local lines = {}
  local function add(cell)
    local cells = {}
    for i, column in ipairs(COLUMNS) do cells[i] = text.pad(cell(column), column.width) end
    lines[#lines + 1] = table.concat(cells, "  "):gsub("%s+$", "")
  end
  add(function(column) return column.title end)
  for _, entry in ipairs(records) do
    add(function(column) return column.value(entry) end)
  end
  return table.concat(lines, "\n") .. "\n"
end

local COMMAND_WIDTH = 200

local function command(data)
  local line = type(data.command) == "table" and table.concat(data.command, " ") or data.command
  return type(line) == "string" and text.fit(line, COMMAND_WIDTH) or nil
end

--- Everything about one job, for people.
---@param entry moonshift.jobs.Record
---@return string
function jobs.format(entry)
  local data, lines = entry.data, {}
  local function add(label, value)
    if value ~= nil and value ~= "" then lines[#lines + 1] = ("%-12s %s"):format(label, value) end
  end
  add("Job", entry.id)
  add("Description", description(entry))
  add("Status", status(entry))
  add("Reason", data.reason)
  add("Phase", entry.status == "running" and data.phase or nil)
  add("User", entry.user)
  add("Host", data.host)
  add("Command", command(data))
  add("Started", data.started_at or entry.created_at)
  add("Ended", data.ended_at or entry.finished_at)
  add("Took", took(entry))
  add("Retry of", data.retry_of)
  add("Retried for", data.retry_by)
  add("Exit code", data.exit_code and ("%d"):format(data.exit_code))
  for i, file in ipairs(entry.attachments) do
    add(i == 1 and "Attachments" or "", ("%s  %s"):format(text.pad(text.size(file.size), 10), file.name))
  end
  if data.retry and entry.status ~= "running" then
    add("Run again", ("moonshift jobs retry %s"):format(entry.id:sub(1, SHORT_ID)))
  end
  return table.concat(lines, "\n") .. "\n"
end

return jobs
