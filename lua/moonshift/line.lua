--- The line to a tracker's server, which all transfers of a session share: how many files and parts of files travel
--- at a time, and how fast all of them together may be.

local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local session_core = require "moonshift.core.session"
local task = require "moonshift.task"
local text = require "moonshift.text"

---@class moonshift.line
local line = {}

local CONNECTIONS, CONNECTIONS_MAX = 6, 32
local CONNECTION_BYTES_PER_SECOND = 32 * 1024 -- with less to do, a server takes a connection for dead
local RATE_MIN = 1024

local function check_connections(value)
  if value == nil then return nil end
  if math.type(value) == "integer" and value >= 1 and value <= CONNECTIONS_MAX then return value end
  errors.raise("usage", ("connections: a whole number from 1 to %d, not %s"):format(CONNECTIONS_MAX, tostring(value)))
end

local function check_rate(value)
  if value == nil then return nil end
  local bytes = math.type(value) == "integer" and value or type(value) == "string" and text.parse_size(value)
  if bytes and bytes >= RATE_MIN then return bytes end
  errors.raise("usage", ("limit_rate: bytes a second, such as \"10M\" or \"500K\", from 1K on, not %s")
    :format(tostring(value)))
end

---@class moonshift.line.Limits
---@field connections? integer
---@field limit_rate? integer|string

--- Takes the limits out of a session's options. Raises `usage` for what they cannot be.
---@param options table
---@return moonshift.line.Limits
function line.take(options)
  local limits = { connections = check_connections(options.connections), limit_rate = check_rate(options.limit_rate) }
  options.connections, options.limit_rate = nil, nil
  return limits
end

--- Sets the limits of a session that has just been opened.
---@param session moonshift.Session
---@param limits moonshift.line.Limits
function line.set(session, limits)
  local connections = limits.connections or CONNECTIONS
  if limits.limit_rate then
    connections = math.max(1, math.min(connections, limits.limit_rate // CONNECTION_BYTES_PER_SECOND))
  end
  session_core.notes(session).line = {
    rate = limits.limit_rate and core.rate(limits.limit_rate), free = connections, connections = connections,
    waiting = {},
  }
end

local function of(session)
  local notes = session_core.notes(session)
  if not notes.line then line.set(session, {}) end
  return notes.line
end

--- How many transfers of a session run at a time.
---@param session moonshift.Session
---@return integer
function line.connections(session)
  return of(session).connections
end

-- Who waited longest is next.
local function release(shared)
  local resume = table.remove(shared.waiting, 1)
  while resume and not resume() do resume = table.remove(shared.waiting, 1) end
  if not resume then shared.free = shared.free + 1 end
end

-- Where nothing can wait, nothing else is going on either.
local function acquire(shared)
  if shared.free > 0 or not task.can_wait() then
    shared.free = shared.free - 1
  else
    task.await(function(resume) shared.waiting[#shared.waiting + 1] = resume end)
  end
  return setmetatable({}, { __close = function() release(shared) end })
end

--- Calls `move`, `moonshift.core.component.upload` or `.download`, when it is its turn.
---@param move fun(request: moonshift.core.component.Transfer): integer, moonshift.core.component.Moved
---@param request moonshift.core.component.Transfer
---@return integer size
---@return moonshift.core.component.Moved
function line.move(move, request)
  local shared = of(request.session)
  local _ <close> = acquire(shared)
  request.rate = shared.rate
  return move(request)
end

return line
