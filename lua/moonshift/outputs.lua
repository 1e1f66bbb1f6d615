--- Outputs: the files that a job's command is expected to make, found by patterns.
---
--- Whoever attaches them, the wrapper or the one who finds the job after it was killed, uses the same
--- component for the same file, so that nothing is attached twice.

local uv = require "luv"
local component_core = require "moonshift.core.component"
local session_core = require "moonshift.core.session"

---@class moonshift.outputs
local outputs = {}

--- The patterns from the root on.
---@param patterns string[]?
---@param cwd string? What they are relative to; the present folder when not given.
---@return string[]
function outputs.patterns(patterns, cwd)
  local absolute = {}
  for i, pattern in ipairs(patterns or {}) do
    local is_absolute = pattern:find "^[/~]"
    absolute[i] = is_absolute and pattern or (cwd or uv.cwd()) .. "/" .. pattern
  end
  return absolute
end

--- The files of a pattern that are not in `seen` yet, which they are put into.
---@param pattern string
---@param seen table<string, boolean>
---@return string[] paths Sorted.
---@return boolean any Whether the pattern has any file, seen or not.
function outputs.find(pattern, seen)
  local found, new = component_core.glob(pattern), {}
  for _, path in ipairs(found) do
    if not seen[path] then new[#new + 1] = path end
    seen[path] = true
  end
  return new, #found > 0
end

--- The component that a file becomes as the output of a job.
---@param job_id string
---@param path string
---@return string component_id
function outputs.component_id(job_id, path)
  return session_core.id_of_name(job_id, path)
end

return outputs
