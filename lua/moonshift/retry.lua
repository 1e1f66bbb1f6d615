--- Trying again when the line is to blame: with back-off, a minute in all.

local errors = require "moonshift.errors"
local task = require "moonshift.task"

---@class moonshift.retry
local retry = {}

local TRIES = 8
local FIRST_S, LONGEST_S = 0.5, 30
local JITTER_S = 0.5

-- Another try may go through.
local PASSING = { network = true, timeout = true, busy = true }

-- A disk that is full stays so for longer than anybody wants to look on: whoever can wait has the outbox.
local FULL = { "(status 507)", "No space left on device", "there is no space for", "disk is full" }

--- Whether a disk, the tracker's or one of this machine, has no room.
---@param err any
---@return boolean
function retry.is_full(err)
  for _, words in ipairs(FULL) do
    if errors.message(err):find(words, 1, true) then return true end
  end
  return errors.code(err) == "full"
end

local function is_passing(err)
  return PASSING[errors.code(err)] and not retry.is_full(err)
end

--- Calls `f(...)`, again after a failure of the line, until it succeeds or nothing came of a number of tries.
---@generic T
---@param f fun(...): T
---@param ... any
---@return T ...
function retry.call(f, ...)
  local pause = FIRST_S
  for attempt = 1, TRIES do
    local results = table.pack(pcall(f, ...))
    if results[1] then return table.unpack(results, 2, results.n) end
    local err = results[2]
    if attempt == TRIES or not is_passing(err) then error(err, 0) end
    task.sleep(pause + math.random() * JITTER_S)
    pause = math.min(pause * 2, LONGEST_S)
  end
end

return retry
