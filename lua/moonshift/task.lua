--- Doing several things at once: tasks are coroutines, and whatever waits (a request, a child process, a
--- sleep) lets the others go on.
---
--- A task that is still going when the script ends is cancelled: its closing variables run, then the
--- program ends. `task:wait()` waits for its end instead.

local core = require "moonshift.core.task"
local errors = require "moonshift.errors"

---@class moonshift.task
local task = {}

--- Starts `f(...)` as a task. It begins when the present task waits for the first time.
---
---     local upload = task.spawn(function() session:create_component("sh010.mov") end)
---     render()
---     upload:wait()
---
--- As a `<close>` variable the task is cancelled, and its end waited for, when its scope is left.
---@param f function
---@param ... any
---@return moonshift.Task
function task.spawn(f, ...)
  return core.spawn(f, ...)
end

--- Lets `duration` pass, while other tasks go on.
---@param duration number|string Seconds, or text: "500ms", "1h30m".
function task.sleep(duration)
  core.sleep(duration)
end

--- Waits until the function that `start` is given is called, and returns what it was called with: a bridge
--- from callbacks, such as luv's, to plain calls.
---
---     local code, signal = task.await(function(resume)
---       uv.spawn("true", {}, resume)
---     end)
---
---@param start fun(resume: fun(...): boolean) Called at once. `resume` returns false from its second call on.
---@return any ...
function task.await(start)
  return core.await(start)
end

--- Whether whatever waits lets the other tasks go on here. Not so in a comparator of `table.sort`, and wherever else
--- Lua cannot yield.
---@return boolean
function task.can_wait()
  return core.can_wait()
end

--- Calls `f(...)` and returns its results, unless that takes longer than `duration`: then it is cancelled,
--- and an error with code "timeout" is raised when it has unwound.
---@param duration number|string Seconds, or text: "500ms", "1h30m".
---@param f function
---@param ... any
---@return any ...
function task.timeout(duration, f, ...)
  local worker <close> = core.spawn(f, ...)
  if not worker:join(duration) then
    worker:cancel(("took longer than %s"):format(type(duration) == "number" and duration .. " s" or duration))
    worker:join()
    if worker:status() == "failed" then
      errors.raise("timeout", ("took longer than %s")
        :format(type(duration) == "number" and duration .. " s" or duration))
    end
  end
  return worker:wait()
end

local DEFAULT_LIMIT = 8

-- What the workers of one call of `parallel` share. The first failure of one cancels the others.
local Pool = {}
Pool.__index = Pool

function Pool:fail(err)
  if self.failed then return end
  self.failed, self.failure = true, err
  for _, worker in ipairs(self.workers) do
    if worker:status() ~= "running" then worker:cancel() end
  end
end

-- A worker takes item after item. Its closing variable sees the error with its traceback.
function Pool:work()
  local watch <close> = setmetatable({}, { __close = function(_, err)
    if err ~= nil then self:fail(err) end
  end })
  while self.next <= self.count do
    local index = self.next
    self.next = index + 1
    self.results[index] = self.f(self.items[index], index)
  end
end

function Pool:run(limit)
  for i = 1, math.min(limit, self.count) do self.workers[i] = core.spawn(self.work, self) end
  for _, worker in ipairs(self.workers) do worker:join() end
  if self.failed then error(self.failure, 0) end
  return self.results
end

-- Left early, e.g. cancelled: the workers end first.
function Pool:__close()
  for _, worker in ipairs(self.workers) do worker:cancel() end
  for _, worker in ipairs(self.workers) do worker:join() end
end

--- Calls `f(item, index)` for each item, at most `limit` at a time, and returns the results in the items'
--- order. When a call fails the others are cancelled, and its error is raised with its own traceback when
--- they have unwound.
---
---     local sizes = task.parallel(urls, { limit = 4 }, function(url) return #fetch(url) end)
---
---@generic T, R
---@param items T[]
---@param limits? { limit?: integer } `limit`: how many at a time; 8 when not given. May be left out.
---@param f fun(item: T, index: integer): R
---@return R[]
---@overload fun(items: T[], f: fun(item: T, index: integer): R): R[]
function task.parallel(items, limits, f)
  if f == nil then limits, f = nil, limits end
  for key in pairs(limits or {}) do
    if key ~= "limit" then
      errors.raise("usage", ("parallel: unknown option '%s'; did you mean 'limit'?"):format(tostring(key)))
    end
  end
  local limit = limits and limits.limit or DEFAULT_LIMIT
  if math.type(limit) ~= "integer" or limit < 1 then
    errors.raise("usage", ("parallel: limit is a whole number from 1 on, not %s"):format(tostring(limit)))
  end
  local pool <close> = setmetatable(
    { items = items, count = #items, f = f, next = 1, results = {}, workers = {} }, Pool)
  return pool:run(limit)
end

return task
