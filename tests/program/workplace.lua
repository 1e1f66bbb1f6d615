--- A place of work for specs in which things go wrong: a tracker over HTTP that can be killed, stopped and
--- started again at the same address, moonshift on it, and what is there when all is over.

local cjson = require "cjson"
local core = require "moonshift.core.job"
local support = require "support"
local uv = require "luv"

---@class workplace.Workplace
---@field path string The folder that commands run in.
---@field state string The state folder; may be put elsewhere before the first run.
---@field server support.Process
local Workplace = {}
Workplace.__index = Workplace

-- ---- the tracker -----------------------------------------------------------------------------------

--- Starts the tracker, for the first time or again.
function Workplace:start_server()
  self.server = support.serve { data = self.data, listen = self.listen or support.own_address() .. ":0" }
  self.listen = self.server.url:match "^http://(.*)$"
  for name, value in pairs(self.server.environment) do self.environment[name] = value end
end

---@param signal? string "sigterm" when not given.
function Workplace:stop_server(signal)
  self.server:kill(signal or "sigterm")
  self.server:wait()
end

function Workplace:__close()
  self.server:kill "sigcont"
  if not self.server.exit_code then self:stop_server() end
  local closing <close> = self.folder
end

--- A new one whose tracker runs. As a <close> variable it goes away with all that is in it.
---@param options? { data?: string, state?: string } Folders of the tracker and of the state; in the new
--- folder when not given.
---@return workplace.Workplace
local function new(options)
  options = options or {}
  local folder = support.folder()
  local place = setmetatable({
    folder = folder,
    path = folder.path .. "/work",
    data = options.data or folder.path .. "/data",
    state = (options.state or folder.path .. "/state") .. "/moonshift",
  }, Workplace)
  place.environment = {
    XDG_STATE_HOME = place.state:match "^(.*)/",
    XDG_CACHE_HOME = folder.path .. "/cache",
    XDG_CONFIG_HOME = folder.path .. "/config",
  }
  assert(uv.fs_mkdir(place.path, 448))
  place:start_server()
  return place
end

-- ---- work ------------------------------------------------------------------------------------------

local function options_of(place, options)
  local all = { environment = {}, cwd = place.path }
  for name, value in pairs(place.environment) do all.environment[name] = value end
  for name, value in pairs(options.environment or {}) do all.environment[name] = value end
  for name, value in pairs(options) do
    if name ~= "environment" then all[name] = value end
  end
  return all
end

---@param options support.RunOptions
---@return support.Process
function Workplace:start(options)
  return support.start(options_of(self, options))
end

---@param options support.RunOptions
---@return support.Process
function Workplace:run(options)
  return support.run(options_of(self, options))
end

--- What a person does when all is back: deliver what waits, look for abandoned jobs, deliver again.
function Workplace:recover()
  for _, verb in ipairs { { "outbox", "send" }, { "jobs", "reap" }, { "outbox", "send" } } do
    local result = self:run(verb)
    assert(result.exit_code == 0, ("%s: %s"):format(table.concat(verb, " "), result.stderr))
  end
end

-- ---- what is there ---------------------------------------------------------------------------------

local function decode_lines(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = cjson.decode(line) end
  return list
end

---@return table[] jobs As `moonshift jobs --json` prints them, newest first.
function Workplace:jobs()
  return decode_lines(self:run({ "jobs", "--json", "--limit", "1000" }).stdout)
end

--- The only job.
function Workplace:job()
  local jobs = self:jobs()
  assert(#jobs == 1, #jobs .. " jobs")
  return jobs[1]
end

---@return table[] entries Of the outbox, oldest first.
function Workplace:entries()
  return decode_lines(self:run({ "outbox", "list", "--json" }).stdout)
end

--- The text of a job's attachment.
---@param job table
---@param name string
---@return string
function Workplace:attachment(job, name)
  local results <close> = support.folder()
  local result = self:run { "download", job.id, name, "-o", results.path }
  assert(result.exit_code == 0, result.stderr)
  return support.read(results.path .. "/" .. name)
end

--- Names of a job's attachments, sorted.
---@param job table
---@return string[]
function Workplace.attachments(job)
  local names = {}
  for i, file in ipairs(job.attachments) do names[i] = file.name end
  table.sort(names)
  return names
end

--- What should not be there when all jobs have ended: leases, logs, entries of the outbox, processes.
---@return string[]
function Workplace:leftovers()
  local found = {}
  for _, name in ipairs { "leases", "logs" } do
    local scan = uv.fs_scandir(self.state .. "/" .. name)
    for file in scan and uv.fs_scandir_next or function() end, scan do found[#found + 1] = name .. "/" .. file end
  end
  for entry in self:run({ "outbox" }).stdout:gmatch "[^\n]+" do found[#found + 1] = "outbox: " .. entry end
  for _, job in ipairs(self:jobs()) do
    local count = core.signal_variable("MOONSHIFT_JOB_ID=" .. job.id, 0)
    if count > 0 then found[#found + 1] = ("%d processes of %s"):format(count, job.data.description) end
  end
  return found
end

-- ---- disks -----------------------------------------------------------------------------------------

--- Fills the disk that a folder is on. Returns what frees it again.
---@param folder string
---@return fun() free
local function fill(folder)
  local path = folder .. "/filler"
  local file = assert(io.open(path, "wb"))
  file:setvbuf "no"
  local block = ("x"):rep(4096)
  while file:write(block) do end
  file:close()
  return function() assert(uv.fs_unlink(path)) end
end

return { new = new, fill = fill }
