---@meta moonshift.core.task

--- A task: a coroutine that the host resumes. Made by `spawn`.
---@class moonshift.Task
local Task = {}

--- Waits for the task's end and returns its results. Raises its error, an error object with that task's
--- traceback, when it failed; code "cancelled" when it was cancelled.
---@return any ...
function Task:wait() end

--- Waits for the task's end, for at most `duration`; its results and its error stay for `wait`.
---@param duration? number|string Seconds, or text: "500ms", "1h30m"; no limit when not given.
---@return boolean ended
function Task:join(duration) end

--- Makes the task's present wait, or its next one, raise an error. It may catch that, and go on.
---@param reason? any Text becomes an error object with code "cancelled"; other values are raised as they are.
function Task:cancel(reason) end

--- What it does just now.
---@return "ready"|"running"|"waiting"|"done"|"failed"
function Task:status() end

--- Tasks: coroutines on the host's loop; written in C. Scripts use moonshift.task.
---@class moonshift.core.task
local core = {}

--- Starts `f(...)` as a task.
---@param f function
---@param ... any
---@return moonshift.Task
function core.spawn(f, ...) end

--- Lets time pass. Where Lua cannot yield, the whole program pauses.
---@param duration number|string Seconds, or text: "500ms", "1h30m".
function core.sleep(duration) end

--- Waits until the function given to `start` is called; returns its arguments. Raises code "usage" where
--- Lua cannot yield.
---@param start fun(resume: fun(...): boolean)
---@return any ...
function core.await(start) end

--- Whether Lua can yield here, so that whatever waits lets the other tasks go on.
---@return boolean
function core.can_wait() end

return core
