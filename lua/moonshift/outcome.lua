--- How a run ended, in words and as an exit code.

local uv = require "luv"
local errors = require "moonshift.errors"
local text = require "moonshift.text"

---@class moonshift.outcome
local outcome = {}

---@class moonshift.Run What is known of a run.
---@field start_error? any Why the command could not be started.
---@field result? moonshift.Command.Result How the command ended.
---@field timed_out? number Seconds after which it was ended.
---@field interrupted? integer The signal that we were sent.
---@field cancelled? string Why somebody else ended the job.
---@field attach_error? string What was wrong with its outputs.

-- Exit codes as shells and timeout(1) use them.
local EXIT_TIMEOUT, EXIT_NOT_EXECUTABLE, EXIT_NOT_FOUND, EXIT_SIGNAL = 124, 126, 127, 128
local SIGTERM, SIGKILL = uv.constants.SIGTERM, uv.constants.SIGKILL

local SIGNAL_NAMES = {}
for name, number in pairs(uv.constants) do
  if type(name) == "string" and name:find "^SIG%u" then SIGNAL_NAMES[number] = name end
end

local function signal_name(number)
  return SIGNAL_NAMES[number] or ("signal %d"):format(number)
end

--- Why a run failed, for people; nil when it did not.
---@param run moonshift.Run
---@return string?
function outcome.reason(run)
  if run.cancelled then return run.cancelled end
  if run.interrupted then return ("stopped by %s"):format(signal_name(run.interrupted)) end
  if run.start_error then return errors.message(run.start_error) end
  if run.timed_out then return ("timed out after %s"):format(text.duration(run.timed_out)) end
  local result = run.result
  if result.signal then
    local killed = result.signal == SIGKILL and " (out of memory?)" or ""
    return ("killed by signal %d, %s%s"):format(result.signal, signal_name(result.signal), killed)
  end
  if result.exit_code ~= 0 then return ("exit code %d"):format(result.exit_code) end
  return run.attach_error
end

--- The exit code that says the same.
---@param run moonshift.Run
---@return integer
function outcome.exit_code(run)
  if run.cancelled then return EXIT_SIGNAL + SIGTERM end
  if run.interrupted then return EXIT_SIGNAL + run.interrupted end
  if run.start_error then
    return errors.code(run.start_error) == "not_found" and EXIT_NOT_FOUND or EXIT_NOT_EXECUTABLE
  end
  if run.timed_out then return EXIT_TIMEOUT end
  if run.result.signal then return EXIT_SIGNAL + run.result.signal end
  if run.result.exit_code ~= 0 then return run.result.exit_code end
  return run.attach_error and 1 or 0
end

--- Whether trying again may help: not when a person ended the run, nor when there is nothing to run.
---@param run moonshift.Run
---@return boolean
function outcome.is_worth_another_try(run)
  return outcome.reason(run) ~= nil and not (run.cancelled or run.interrupted or run.start_error)
end

return outcome
