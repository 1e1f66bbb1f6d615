--- What people and programs are told when a transfer is interrupted that can be gone on with. MOONSHIFT_LONG=1 for
--- a server that is lost, which takes a minute to give up.

local cjson = require "cjson"
local moonshift = require "moonshift"
local support = require "support"

local MIB = 1024 * 1024
local PART, SIZE = 256 * 1024, 12 * MIB + 4321
local RATE = "2M" -- slow enough to be interrupted in the middle of it
local ENOUGH = 1 * MIB
local SMALL = 4 * MIB -- not worth going on with

local function content(size)
  local lines = {}
  for i = 1, size // 512 + 1 do lines[i] = ("%08d %.9f "):format(i, math.random()) .. ("-"):rep(491) .. "\n" end
  return table.concat(lines):sub(1, size)
end

describe("an interrupted transfer", function()
  local folder, server, environment, file, data
  setup(function()
    folder = support.folder()
    data = content(SIZE)
    file = support.write(folder.path .. "/plate.exr", data)
    environment = {
      XDG_STATE_HOME = folder.path .. "/state", MOONSHIFT_PART_BYTES = tostring(PART),
      MOONSHIFT_CONFIG = support.write(folder.path .. "/config.lua",
        ('return { locations = { { name = "disk", prefix = "%s/disk", structure = "id", priority = 900 } } }')
          :format(folder.path)),
    }
  end)
  teardown(function() getmetatable(folder).__close(folder) end)

  -- A server, at an address where it can come back.
  local function serve(listen)
    server = support.serve { data = folder.path .. "/data", listen = listen }
    for name, value in pairs(server.environment) do environment[name] = value end
  end
  local function serving()
    serve(support.own_address() .. ":0")
    return setmetatable({}, { __close = function() getmetatable(server).__close(server) end })
  end

  local function open_session()
    return moonshift.session {
      server_url = server.url, api_user = environment.FTRACK_API_USER, api_key = environment.FTRACK_API_KEY,
    }
  end

  -- A job, with an attachment or without.
  local function make_job(path)
    local session <close> = open_session()
    local job = session:create("Job", { user = session:query "User":first(), status = "running", data = "{}" })
    local component = path and session:create_component(path)
    if component then session:create("JobComponent", { job_id = job.id, component_id = component.id }) end
    session:commit()
    return job.id, component and component.id
  end

  -- ---- verbs, run as programs ----------------------------------------------------------------------

  local function start(arguments, ...)
    local options = table.move(arguments, 1, #arguments, 1, { environment = environment, cwd = folder.path })
    return support.start(table.move({ ... }, 1, select("#", ...), #options + 1, options))
  end

  local function events_of(process)
    local events = {}
    for text in process.stdout:gmatch "([^\n]+)\n" do events[#events + 1] = cjson.decode(text) end
    return events
  end

  -- How far it is by its last event.
  local function done_bytes(process)
    return tonumber(process.stdout:match '.*"done_bytes":(%d+)' or 0)
  end

  -- Starts a verb, and interrupts it as soon as there is enough.
  local function interrupt(arguments, is_enough, ...)
    local process <close> = start(arguments, "--limit-rate", RATE, "--connections", "2", ...)
    support.wait_until(function() return is_enough(process) or process.exit_code end)
    process:kill "sigint"
    process:wait()
    assert.equal(130, process.exit_code, process.stderr)
    return process
  end

  -- The same of one that tells how far it is; how many bytes are kept in the end.
  local function interrupt_events(arguments, name, size)
    local process = interrupt(arguments, function(process) return done_bytes(process) > ENOUGH end, "--json")
    local events = events_of(process)
    local last = events[#events]
    assert.same({ "kept", name, size }, { last.event, last.name, last.total_bytes })
    assert.is_true(last.kept_bytes > 0 and last.kept_bytes < size)
    return last.kept_bytes
  end

  -- Tries again: nothing of what was kept travels a second time. Its last event.
  local function finish(arguments, kept_bytes)
    local process <close> = start(arguments, "--json")
    process:wait()
    assert.same({ 0, "" }, { process.exit_code, process.stderr })
    local events = events_of(process)
    for _, event in ipairs(events) do
      assert.is_true((event.done_bytes or kept_bytes) >= kept_bytes)
      assert.not_equal("kept", event.event)
    end
    return events[#events]
  end

  it("tells what of an attachment is kept, however often", function()
    local _ <close> = serving()
    local arguments = { "attach", make_job(), file }
    local first = interrupt_events(arguments, "plate.exr", SIZE)
    local second = interrupt_events(arguments, "plate.exr", SIZE)
    assert.is_true(second >= first)
    finish(arguments, second)
  end)

  it("tells what of a download is kept", function()
    local _ <close> = serving()
    local job_id = make_job(file)
    local target <close> = support.folder()
    local arguments = { "download", job_id, "-o", target.path }
    finish(arguments, interrupt_events(arguments, "plate.exr", SIZE))
    assert.is_true(data == support.read(target.path .. "/plate.exr"))
  end)

  it("tells people so in a line", function()
    local _ <close> = serving()
    local job_id, component_id = make_job(file)
    local target <close> = support.folder()
    local note = ("%s/.moonshift-%s.part.json"):format(target.path, component_id)
    local process = interrupt({ "download", job_id, "-o", target.path }, function()
      local ok, text = pcall(support.read, note)
      return ok and text:find '"done":%[[^%]]*[1-9]'
    end)
    assert.matches("^plate%.exr: [%d.]+ %aiB of 12%.0 MiB are kept; trying again goes on from there\n"
      .. "moonshift: stopped by SIGINT\n$", process.stderr)
    assert.equal("", process.stdout)
  end)

  it("tells it of a transfer between locations, either way", function()
    local _ <close> = serving()
    local _, id = make_job(file)
    local there = { "transfer", id, "--to", "disk" }
    finish(there, interrupt_events(there, "plate.exr", SIZE))
    local session <close> = open_session()
    local location = session:query('Location where name is "ftrack.server"'):one()
    location:remove_component(session:get("Component", id))
    local back = { "transfer", id, "--from", "disk", "--to", "ftrack.server" }
    finish(back, interrupt_events(back, "plate.exr", SIZE))
    local target <close> = support.folder()
    assert.is_true(data == support.read(session:download(session:get("Component", id), target.path)))
  end)

  it("of a component between locations is no new component's", function()
    local _ <close> = serving()
    local _, id = make_job(file)
    local session <close> = open_session()
    finish({ "transfer", id, "--to", "disk" }, 0)
    local component = session:get("Component", id)
    local disk = session:query('Location where name is "disk"'):one()
    session:query('Location where name is "ftrack.server"'):one():remove_component(component)
    local back = { "transfer", id, "--from", "disk", "--to", "ftrack.server" }
    local bytes = interrupt_events(back, "plate.exr", SIZE)
    local path = folder.path .. "/disk/" .. disk:get_resource_identifier(component)
    assert.not_equal(id, finish({ "attach", make_job(), path }, 0).component_id)
    finish(back, bytes)
  end)

  it("tells it of what is published, a file or a sequence", function()
    local _ <close> = serving()
    local session <close> = open_session()
    local project = session:create("Project", {
      name = "show", full_name = "show", project_schema = session:query "ProjectSchema":first(),
    })
    session:create("Task", { name = "comp", parent = project })
    session:commit()
    local one = { "publish", file, "--to", "show/comp", "--asset", "one" }
    finish(one, interrupt_events(one, "plate.exr", SIZE))

    for i = 1, 2 do support.write(("%s/frames/sh.%d.exr"):format(folder.path, i), data) end
    local many = { "publish", "frames/sh.%d.exr [1-2]", "--to", "show/comp", "--asset", "many" }
    interrupt_events(many, "sh.%d.exr [1-2]", 2 * SIZE)
    finish(many, 0) -- its files are taken up one by one
    assert.same({}, support.entries(folder.path .. "/state/moonshift/transfers"))
  end)

  if os.getenv "MOONSHIFT_LONG" then
    it("tells it when the server is lost", function()
      local _ <close> = serving()
      local job_id = make_job(file)
      local target <close> = support.folder()
      local arguments = { "download", job_id, "-o", target.path }
      local process <close> = start(arguments, "--limit-rate", RATE, "--json")
      support.wait_until(function() return done_bytes(process) > ENOUGH or process.exit_code end)
      server:kill "sigkill"
      server:wait()
      process:wait()
      assert.equal(1, process.exit_code)
      assert.matches("cannot reach", process.stderr)
      local events = events_of(process)
      local bytes = events[#events].kept_bytes
      assert.is_true(bytes > 0)
      serve(server.url:match "//(.*)$")
      finish(arguments, bytes)
    end)
  end

  local function interrupt_at_once(...)
    local process <close> = start(...)
    support.wait_until(function() return done_bytes(process) > 0 or process.exit_code end)
    process:kill "sigint"
    process:wait()
    for _, event in ipairs(events_of(process)) do assert.not_equal("kept", event.event) end
    return process
  end

  it("says nothing of a small file", function()
    local _ <close> = serving()
    local job_id = make_job(support.write(folder.path .. "/small.exr", content(SMALL)))
    local target <close> = support.folder()
    local process = interrupt_at_once({ "download", job_id, "-o", target.path }, "--limit-rate", "1M", "--json")
    assert.same({ 130, "moonshift: stopped by SIGINT\n" }, { process.exit_code, process.stderr })
    assert.same({}, support.entries(target.path))
  end)

  it("says nothing with the embedded tracker", function()
    local embedded = folder.path .. "/embedded"
    local session <close> = moonshift.session { data = embedded }
    local project = session:create("Project", {
      name = "show", full_name = "show", project_schema = session:query "ProjectSchema":first(),
    })
    session:commit()
    environment.FTRACK_SERVER = false
    interrupt_at_once({ "publish", file, "--to", project.id, "--asset", "one", "--data", embedded }, "--json")
  end)
end)
