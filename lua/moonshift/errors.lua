--- Error objects: what every primitive raises and how a script looks at them.
---
--- An error object has `code` (one of moonshift.ErrorCode), `message` and `traceback`; tostring gives the
--- message. Plain Lua errors (strings) are understood everywhere too.

local core = require "moonshift.core.error"

---@class moonshift.errors
local errors = {}

--- Raises an error object.
---@param code moonshift.ErrorCode
---@param message string What was wrong, which value, and what to do.
function errors.raise(code, message)
  error(core.new(code, message), 0)
end

--- The sentence of any error value, without position or traceback.
---@param err any
---@return string
function errors.message(err)
  if type(err) == "table" and err.message then return tostring(err.message) end
  return tostring(err)
end

--- The traceback of an error object, nil for other values.
---@param err any
---@return string?
function errors.traceback(err)
  return type(err) == "table" and err.traceback or nil
end

--- The code of an error object, "error" for other values.
---@param err any
---@return string
function errors.code(err)
  return type(err) == "table" and err.code or "error"
end

--- Calls `f(...)` and returns its results, or nil and the error.
---@generic T
---@param f fun(...): T
---@return T?
---@return any err
function errors.try(f, ...)
  local results = table.pack(pcall(f, ...))
  if results[1] then return table.unpack(results, 2, results.n) end
  return nil, results[2]
end

--- Prints a warning on standard error.
---@param message string
function errors.warn(message)
  io.stderr:write("moonshift: warning: ", message, "\n")
end

return errors
