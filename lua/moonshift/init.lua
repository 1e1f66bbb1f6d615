--- moonshift: automation for production tracking.
---
---     local moonshift = require "moonshift"
---     local session <close> = moonshift.session()
---     for _, task in session:query("Task where status.name is {status}", { status = "In Progress" }):iterate() do
---       print(task.name, task.project.name)
---     end
---
--- Parts are loaded when they are first used.

---@class moonshift
---@field version string The program's version.
---@field session fun(options?: moonshift.SessionOptions): moonshift.Session Opens a session on a tracker.
---@field current_job fun(): moonshift.Job? The job of a script that `moonshift run --job` runs; else nil.
---@field datetime fun(value?: string|number|table|moonshift.DateTime): moonshift.DateTime A point in time.
---@field try fun(f: function, ...): any Calls `f(...)`: its results, or nil and the error object.
---@field spawn fun(f: function, ...): moonshift.Task Starts a task.
---@field sleep fun(duration: number|string) Lets time pass for this task alone.
---@field timeout fun(duration: number|string, f: function, ...): any Calls `f(...)` for so long at the most.
---@field parallel fun(items: any[], limits: table?, f: function): any[] Calls `f` for several items at a time.
local moonshift = {}

-- Name → module and the field of it; "" is the module itself.
local PARTS = {
  current_job = { "moonshift.script_job", "current" },
  datetime = { "moonshift.core.session", "datetime" },
  parallel = { "moonshift.task", "parallel" },
  session = { "moonshift.session", "open" },
  sleep = { "moonshift.task", "sleep" },
  spawn = { "moonshift.task", "spawn" },
  timeout = { "moonshift.task", "timeout" },
  try = { "moonshift.errors", "try" },
  version = { "moonshift.core.system", "version" },
}

local function names()
  local list = {}
  for name in pairs(PARTS) do list[#list + 1] = name end
  table.sort(list)
  return list
end

setmetatable(moonshift, {
  __index = function(self, name)
    local part = PARTS[name]
    if not part then
      local nearest = require "moonshift.core.system".nearest(tostring(name), names())
      require "moonshift.errors".raise("not_found", ("moonshift has no '%s'%s"):format(tostring(name),
        nearest and ("; did you mean '%s'?"):format(nearest) or ""))
    end
    local value = require(part[1])[part[2]]
    rawset(self, name, value)
    return value
  end,
})

return moonshift
