--- Sessions over HTTP beside the official JavaScript client on Node: whole processes, first against our server, then
--- against a static one, which repeats recorded answers and so leaves the client's own work.
---
--- The client is looked for where the conformance tests install it, or in MOONSHIFT_CONFORMANCE_MODULES; without
--- it there is nothing to compare with, and nothing is measured. Rates are per second of processor time that
--- the script takes from the open session on.

local measure = require "measure"
local moonshift = require "moonshift"
local uv = require "luv"

local TASKS = 5000
local RUNS = 7

local CREATIONS = 1000
local FOREIGN_HASH = ("c0ffee"):rep(6):sub(1, 32) -- of a schema that is not built in

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

-- The work within an open session; the processor time that it takes is left in the file that FIGURE names.
local FRAME = [[
local session <close> = require "moonshift".session()
local started = os.clock()
%s
local file <close> = assert(io.open(assert(os.getenv "FIGURE"), "w"))
file:write(os.clock() - started)
]]

local function find_modules()
  local folders = { os.getenv "MOONSHIFT_CONFORMANCE_MODULES" or "" }
  for _, build in ipairs { "build", "build/dev", "build/release" } do
    folders[#folders + 1] = build .. "/tests/conformance/npm"
  end
  for _, folder in ipairs(folders) do
    if uv.fs_stat(folder .. "/node_modules/@ftrack/api") then return uv.fs_realpath(folder) end
  end
end

local function fill(data)
  local session <close> = moonshift.session { data = data }
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

-- Starts our program and waits for `pattern` in its output: what was said until then, and the process.
local function start(arguments, pattern)
  local stdout, text = uv.new_pipe(false), ""
  local process = assert(uv.spawn(program, { args = arguments, stdio = { nil, stdout, 2 } }, function() end))
  moonshift.timeout(20, require "moonshift.task".await, function(resume)
    stdout:read_start(function(_, chunk)
      text = text .. (chunk or "")
      if text:find(pattern) then resume() end
    end)
  end)
  return text, setmetatable({}, { __close = function()
    process:kill "sigterm"
    process:close()
    stdout:close()
  end })
end

local function environment_of(folder, text)
  local environment = {
    XDG_CACHE_HOME = folder .. "/cache", XDG_CONFIG_HOME = folder .. "/config", FIGURE = folder .. "/figure",
  }
  for name, value in text:gmatch "export (FTRACK_[%u_]+)=(%S+)" do environment[name] = value:gsub("'", "") end
  return environment
end

local modules = find_modules()
if not modules then
  print "sessions over HTTP: not measured, the official JavaScript client is not installed"
  return
end

local folder <close> = measure.folder()
fill(folder.path .. "/data")
for name, script in pairs(SCRIPTS) do
  local file <close> = assert(io.open(("%s/%s.lua"):format(folder.path, name), "w"))
  file:write(FRAME:format(script))
end

local text, server = start({ "serve", "--listen", "127.0.0.1:0", "--data", folder.path .. "/data" },
  "FTRACK_API_KEY=%S+\n")
local _ <close> = server
local environment = environment_of(folder.path, text)

-- The same user and key on a server at another port.
local function with_server(port)
  local copy = {}
  for name, value in pairs(environment) do copy[name] = value end
  copy.FTRACK_SERVER = "http://127.0.0.1:" .. port
  return copy
end

-- Starts the static server before ours; with a hash it tells that one.
local function start_static(hash)
  local said, process = start({ "run", here .. "/support/static_server.lua", environment.FTRACK_SERVER:match "%d+$",
    hash }, "listening on %d+\n")
  return with_server(said:match "listening on (%d+)"), process
end

-- What to measure: the title, the script, and how many records or entities it is about.
local function compare(title, name, place, options)
  options = options or {}
  local function spec(arguments, tool)
    return { name = tool, arguments = arguments, environment = place, prepare = options.prepare,
      figure = options.count and place.FIGURE, count = options.count, unit = options.unit }
  end
  measure.pair(title,
    spec({ program, "run", ("%s/%s.lua"):format(folder.path, name) }, ("moonshift run %s.lua"):format(name)),
    spec({ "node", here .. "/session_peer.cjs", name, modules }, "@ftrack/api on Node"), RUNS)
end

local records = { count = TASKS, unit = "records" }
local creations = { count = CREATIONS, unit = "entities" }
local reading = ("%d records with eight attributes and a relation, decoded and read"):format(TASKS)
local creating = ("%d entities created and committed"):format(CREATIONS)

print "-- our server"
compare("process start to the first answer over HTTP", "start", environment)
compare(reading, "read", environment)
compare(creating, "create", environment)
compare("one attribute of 500 entities that lack it", "lazy", environment)

print "-- a static server"
do
  local place, process = start_static()
  local _ <close> = process
  compare(reading, "read", place, records)
  compare(creating, "create", place, creations)
end
do
  local place, process = start_static(FOREIGN_HASH)
  local _ <close> = process
  local function empty_cache() os.execute(("rm -rf '%s/cache'"):format(folder.path)) end
  compare("start, a schema that no client has in its cache", "start", place, { prepare = empty_cache })
  compare("start, the same schema in the cache", "start", place)
end
