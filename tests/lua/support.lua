--- What specs share: folders that go away, and the program itself as a child process.

local system = require "moonshift.core.system"
local task = require "moonshift.task"
local uv = require "luv"

local support = {}

-- Nothing takes as long: these end what hangs, on a machine that is slow and busy, too.
local RUN_TIMEOUT_S = 300
local WAIT_TIMEOUT_S = 120

-- ---- files -----------------------------------------------------------------------------------------

local function remove(path)
  local status = uv.fs_lstat(path)
  if status and status.type == "directory" then
    for name in uv.fs_scandir_next, assert(uv.fs_scandir(path)) do remove(path .. "/" .. name) end
    assert(uv.fs_rmdir(path))
  elseif status then
    assert(uv.fs_unlink(path))
  end
end

--- A new folder; as a <close> variable it goes away with all that is in it.
---@return { path: string }
function support.folder()
  local path = assert(uv.fs_mkdtemp((os.getenv "TMPDIR" or "/tmp") .. "/moonshift-test-XXXXXX"))
  return setmetatable({ path = path }, { __close = function() remove(path) end })
end

--- Writes a file, and the folders above it.
---@param path string
---@param text string
---@return string path
function support.write(path, text)
  system.make_folders(path:match "^(.*)/")
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
  return path
end

---@param path string
---@return string text
function support.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

--- The names in a folder; none when it is not there.
---@param path string
---@return string[]
function support.entries(path)
  local names, scan = {}, uv.fs_scandir(path)
  if not scan then return names end
  for name in uv.fs_scandir_next, scan do names[#names + 1] = name end
  return names
end

--- A small disk that can be full; nil where we may not mount one.
---@param size string As mount takes it, for instance "512k".
---@return { path: string }?
function support.disk(size)
  local folder = support.folder()
  local mounted = support.run { program = "mount", "-t", "tmpfs", "-o", "size=" .. size, "none", folder.path }
  if mounted.exit_code ~= 0 then
    local closing <close> = folder
    return nil
  end
  return setmetatable({ path = folder.path }, { __close = function()
    support.run { program = "umount", "--lazy", folder.path }
    local closing <close> = folder
  end })
end

-- ---- waiting ---------------------------------------------------------------------------------------

--- Waits until the condition holds; fails when it never does.
---@param condition fun(): any
function support.wait_until(condition)
  task.timeout(WAIT_TIMEOUT_S, function()
    while not condition() do task.sleep(0.05) end
  end)
end

--- Whether a process runs; one that has ended and is not waited for does not.
---@param pid integer
---@return boolean
function support.lives(pid)
  local file <close> = io.open(("/proc/%d/stat"):format(pid), "rb")
  local status = file and file:read "a" -- nothing when it ended just now
  return status ~= nil and status ~= "" and not status:find "%) [ZX] "
end

-- ---- processes -------------------------------------------------------------------------------------

-- Our environment with changes on top; false removes a variable.
local function environment(changes)
  local all = uv.os_environ()
  for name, value in pairs(changes or {}) do all[name] = value or nil end
  local list = {}
  for name, value in pairs(all) do list[#list + 1] = name .. "=" .. value end
  return list
end

-- Collects what comes out of a pipe; `ended` is called at its end, `arrived` with all there is so far.
local function collect(pipe, arrived, ended)
  local chunks = {}
  pipe:read_start(function(_, chunk)
    if chunk then
      chunks[#chunks + 1] = chunk
      arrived(table.concat(chunks))
    else
      pipe:close()
      ended(table.concat(chunks))
    end
  end)
end

local function nothing() end

---@class support.Process
---@field pid integer
---@field stdout string What came so far.
---@field stderr string
---@field exit_code? integer When it has ended.
---@field signal? integer
local Process = {}
Process.__index = Process

--- Waits for its end and that of its output.
function Process:wait()
  task.timeout(self.timeout, function()
    if self.open > 0 then task.await(function(resume) self.on_end = resume end) end
  end)
  return self
end

function Process:kill(signal)
  if self.exit_code == nil then self.handle:kill(signal) end
end

function Process:__close()
  self:kill "sigkill"
  self:wait()
end

-- Waits until a pattern is in the standard output; returns what string.match does.
function Process:wait_for(pattern)
  return task.timeout(WAIT_TIMEOUT_S, function()
    while not self.stdout:find(pattern) do
      if self.open == 0 then error(("ended early: %s%s"):format(self.stdout, self.stderr)) end
      task.await(function(resume) self.on_output = resume end)
    end
    return self.stdout:match(pattern)
  end)
end

function Process:part_ended()
  self.open = self.open - 1
  if self.on_output then self.on_output() end
  if self.open == 0 and self.on_end then self.on_end() end
end

function Process:collect(pipe, field)
  collect(pipe, function(text)
    self[field] = text
    if self.on_output then self.on_output() end
  end, function(text)
    self[field] = text
    self:part_ended()
  end)
end

---@class support.RunOptions
---@field [integer] string The program's arguments.
---@field program? string Another program than moonshift.
---@field environment? table<string, string|false> Changes: false removes a variable.
---@field cwd? string
---@field input? string For its standard input; empty when not given.
---@field timeout? number Seconds; 300 when not given.

--- Starts moonshift (or another program).
---@param options support.RunOptions
---@return support.Process
function support.start(options)
  local pipes = { uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false) }
  local process = setmetatable({
    stdout = "", stderr = "", open = 3, timeout = options.timeout or RUN_TIMEOUT_S,
  }, Process)
  process.handle, process.pid = assert(uv.spawn(options.program or system.program(), {
    args = options,
    env = environment(options.environment),
    cwd = options.cwd,
    stdio = pipes,
  }, function(code, signal)
    process.exit_code, process.signal = code, signal
    process.handle:close()
    process:part_ended()
  end))
  pipes[1]:write(options.input or "", nothing)
  pipes[1]:shutdown(function() pipes[1]:close() end)
  process:collect(pipes[2], "stdout")
  process:collect(pipes[3], "stderr")
  return process
end

--- Runs moonshift (or another program) to its end.
---
---     local result = support.run { "wrap", "--", "false" }
---     assert.equal(1, result.exit_code)
---
---@param options support.RunOptions
---@return support.Process
function support.run(options)
  local process <close> = support.start(options)
  return process:wait()
end

--- An address of this machine that no other process uses, for servers that stop and come back: meanwhile, others
--- might be given their port of 127.0.0.1.
---@return string
function support.own_address()
  local pid = uv.os_getpid()
  return ("127.%d.%d.%d"):format(16 + (pid >> 16) % 64, pid >> 8 & 255, pid & 255)
end

--- Starts `moonshift serve` on a free port (or options.listen) with a data folder of its own (or
--- options.data). The result has `url`, and in `environment` the FTRACK_ variables of its first user. As a
--- <close> variable it is stopped.
---@param options? { data?: string, listen?: string, arguments?: string[] }
---@return support.Process server
function support.serve(options)
  options = options or {}
  local arguments = { "serve", "--listen", options.listen or "127.0.0.1:0", table.unpack(options.arguments or {}) }
  if options.data then table.move({ "--data", options.data }, 1, 2, #arguments + 1, arguments) end
  local server = support.start(arguments)
  server.url = server:wait_for "listening on (%S+)"
  server.environment = { FTRACK_SERVER = server.url }
  for name, value in server.stdout:gmatch "export (FTRACK_[%u_]+)=(%S+)" do
    server.environment[name] = value:gsub("^'(.*)'$", "%1")
  end
  return server
end

return support
