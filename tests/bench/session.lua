--- Sessions over HTTP beside the official JavaScript client on Node: the same server, whole processes.
---
--- The client is looked for where the conformance tests install it, or in MOONSHIFT_CONFORMANCE_MODULES; without
--- it there is nothing to compare with, and nothing is measured.

local measure = require "measure"
local moonshift = require "moonshift"
local uv = require "luv"

local TASKS = 5000
local RUNS = 7

local program = require "moonshift.core.system".program()
local here = arg[0]:match "^(.*)/[^/]*$" or "."

local SCRIPTS = {
  start = [[
    assert(session:query("select username from User limit 1"):first()) ]],
  read = [[
    local sum = 0
    for _, task in session:query("select name, description, bid, sort, start_date, end_date, context_type, project_id, "
      .. "status.name from Task"):iterate() do
      sum = sum + #task.name + #task.description + task.bid + task.sort
      sum = sum + task.start_date.timestamp + task.end_date.timestamp
      sum = sum + #task.context_type + #task.project_id + #task.status.name
    end
    assert(sum > 0) ]],
  create = [[
    for i = 1, 1000 do session:create("Job", { status = "running", data = ('{"number":%d}'):format(i) }) end
    session:commit() ]],
  lazy = [[
    local sum = 0
    for _, task in ipairs(session:query("select id from Task limit 500"):all()) do sum = sum + #task.description end
    assert(sum > 0) ]],
}

local TITLES = {
  { "start", "process start to the first answer over HTTP" },
  { "read", ("%d records with eight attributes and a relation, decoded and read"):format(TASKS) },
  { "create", "1000 entities created and committed" },
  { "lazy", "one attribute of 500 entities that lack it" },
}

local function find_modules()
  local folders = { os.getenv "MOONSHIFT_CONFORMANCE_MODULES" or "" }
  for _, build in ipairs { "build", "build/dev", "build/release" } do
    folders[#folders + 1] = build .. "/tests/conformance/npm"
  end
  for _, folder in ipairs(folders) do
    if uv.fs_stat(folder .. "/node_modules/@ftrack/api") then return uv.fs_realpath(folder) end
  end
end

-- A server with TASKS tasks; returns its environment and process.
local function start_server(folder)
  do
    local session <close> = moonshift.session { data = folder .. "/data" }
    local schema = session:query("ProjectSchema"):first()
    local project = session:create("Project", { name = "bench", full_name = "Bench", project_schema = schema })
    for i = 1, TASKS do
      session:create("Task", {
        name = ("task %04d"):format(i), description = ("what is to be done in task %d"):format(i), parent = project,
        bid = i + 0.5, sort = i + 0.0, start_date = "2024-02-01T09:00:00", end_date = "2024-02-05T18:00:00",
      })
    end
    session:commit()
  end
  local stdout, text = uv.new_pipe(false), ""
  local process = assert(uv.spawn(program, {
    args = { "serve", "--listen", "127.0.0.1:0", "--data", folder .. "/data" }, stdio = { nil, stdout, 2 },
  }, function() end))
  moonshift.timeout(20, require "moonshift.task".await, function(resume)
    stdout:read_start(function(_, chunk)
      text = text .. (chunk or "")
      if text:find "FTRACK_API_KEY=%S+\n" then resume() end
    end)
  end)
  local environment = { XDG_CACHE_HOME = folder .. "/cache", XDG_CONFIG_HOME = folder .. "/config" }
  for name, value in text:gmatch "export (FTRACK_[%u_]+)=(%S+)" do environment[name] = value:gsub("'", "") end
  return environment, setmetatable({}, { __close = function()
    process:kill "sigterm"
    process:close()
    stdout:close()
  end })
end

local modules = find_modules()
if not modules then
  print "sessions over HTTP: not measured, the official JavaScript client is not installed"
  return
end

local folder <close> = measure.folder()
local environment, server = start_server(folder.path)
local _ <close> = server
for _, title in ipairs(TITLES) do
  local name = title[1]
  local path = ("%s/%s.lua"):format(folder.path, name)
  do
    local file <close> = assert(io.open(path, "w"))
    file:write('local session <close> = require "moonshift".session()\n', SCRIPTS[name])
  end
  measure.pair(title[2],
    { name = ("moonshift run %s.lua"):format(name), arguments = { program, "run", path }, environment = environment },
    { name = "@ftrack/api on Node", arguments = { "node", here .. "/session_peer.cjs", name, modules },
      environment = environment }, RUNS)
end
