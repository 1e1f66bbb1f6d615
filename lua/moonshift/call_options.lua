--- Options tables of functions: a key that a function does not know is a mistake of the caller.

local errors = require "moonshift.errors"
local system = require "moonshift.core.system"

---@class moonshift.call_options
local call_options = {}

--- Raises `usage` for a key that is not known, and names the nearest one.
---@param options? table
---@param known table<string, any> Its keys are the options that there are.
---@param name string The function's, for the message.
---@return table options
function call_options.check(options, known, name)
  for key in pairs(options or {}) do
    if known[key] == nil then
      local names = {}
      for one in pairs(known) do names[#names + 1] = one end
      local nearest = system.nearest(tostring(key), names)
      errors.raise("usage", ("%s: unknown option '%s'%s"):format(name, tostring(key),
        nearest and ("; did you mean '%s'?"):format(nearest) or ""))
    end
  end
  return options or {}
end

return call_options
