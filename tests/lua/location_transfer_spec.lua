--- Transfers between locations that are interrupted: what has come does not travel again.

local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local kept = require "moonshift.kept"
local support = require "support"
local system = require "moonshift.core.system"
local trackers = require "trackers"
local uv = require "luv"

local FRAMES = 5

-- As `core[name]` is called with a path for the `last`-th time, the line breaks. Close it; `count` is how often it was.
local function break_line(name, last, code)
  local original = core[name]
  local line = { count = 0 }
  core[name] = function(request)
    if request.path then
      line.count = line.count + 1
      if line.count >= last then errors.raise(code or "network", "the line broke") end
    end
    return original(request)
  end
  return setmetatable(line, { __close = function() core[name] = original end })
end

describe("a transfer that is interrupted", function()
  local tracker, folder
  setup(function()
    tracker, folder = trackers.start "http", support.folder()
    system.set_environment("MOONSHIFT_CONFIG", support.write(folder.path .. "/config.lua",
      ('return { locations = { { name = "disk", prefix = "%s/disk", structure = "id", priority = 500 } } }')
      :format(folder.path)))
    for i = 1, FRAMES do support.write(("%s/in/f.%d.exr"):format(folder.path, i), "frame " .. i) end
  end)
  teardown(function()
    system.set_environment("MOONSHIFT_CONFIG", nil)
    getmetatable(folder).__close(folder)
    tracker:close()
  end)

  local function test(name, body)
    it(name, function()
      local session <close> = tracker:session { connections = 1 }
      body(session, session:query 'Location where name is "ftrack.server"':one(),
        session:ensure("Location", { name = "disk" }, { "name" }))
    end)
  end

  local function new_sequence(session, location)
    return session:create_component(("%s/in/f.%%d.exr [1-%d]"):format(folder.path, FRAMES), {}, location)
  end

  -- Where the structure "id" has its files.
  local function folder_of(component)
    return ("%s/disk/%s%s"):format(folder.path, component.id:sub(1, 4):gsub(".", "%0/"), component.id:sub(5))
  end

  local function check(session, component, location)
    assert.equal(100, location:get_component_availability(component))
    for _, member in ipairs(component.members) do
      local back <close> = support.folder()
      local path = location.name == "disk" and location:get_filesystem_path(member)
        or session:download(member, back.path)
      assert.equal("frame " .. member.name, support.read(path))
    end
  end

  test("goes on from the server", function(session, server, disk)
    local component = new_sequence(session, server)
    do
      local line <close> = break_line("download", 4)
      assert.is_false(pcall(disk.add_component, disk, component, server))
      assert.is_true(line.count >= 4)
    end
    assert.equal(3 * #"frame 1", kept.take(session))
    assert.equal(0, disk:get_component_availability(component))
    local line <close> = break_line("download", math.huge)
    disk:add_component(component, server)
    assert.equal(FRAMES - 3, line.count)
    check(session, component, disk)
  end)

  test("goes on to the server", function(session, server, disk)
    local component = new_sequence(session, disk)
    do
      local line <close> = break_line("upload", 4)
      assert.is_false(pcall(server.add_component, server, component, disk))
      assert.is_true(line.count >= 4)
    end
    assert.equal(3 * #"frame 1", kept.take(session))
    local line <close> = break_line("upload", math.huge)
    local last = 0
    server:add_component(component, disk, { progress = function(done) last = done end })
    assert.equal(FRAMES - 3, line.count)
    assert.equal(component.size, last)
    check(session, component, server)
  end)

  test("believes nothing that is not the same", function(session, server, disk)
    local component = new_sequence(session, server)
    do
      local _ <close> = break_line("download", 4)
      assert.is_false(pcall(disk.add_component, disk, component, server))
    end
    local name = support.entries(folder_of(component))[1]
    local changed = support.write(folder_of(component) .. "/" .. name, "other 1")
    local ok, err = pcall(disk.add_component, disk, component, server)
    assert.same({ false, "exists" }, { ok, errors.code(err) })
    assert.equal("other 1", support.read(changed))
  end)

  test("takes back what came before something that is wrong", function(session, server, disk)
    local component = new_sequence(session, server)
    local _ <close> = break_line("download", 4, "not_found")
    assert.is_false(pcall(disk.add_component, disk, component, server))
    assert.equal(0, kept.take(session))
    assert.is_nil(uv.fs_lstat(folder_of(component)))
  end)
end)
