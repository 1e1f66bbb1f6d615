--- What goes wrong with files while their bytes travel: clear errors, nothing half, originals untouched. Full disks
--- need the right to mount; files above 4 GiB take their time: MOONSHIFT_LONG=1.

local errors = require "moonshift.errors"
local moonshift = require "moonshift"
local paths = require "moonshift.paths"
local support = require "support"
local system = require "moonshift.core.system"
local trackers = require "trackers"
local uv = require "luv"

local PART = 64 * 1024
local MIB = 1024 * 1024

describe("a file that is sent", function()
  local tracker, folder
  setup(function() tracker, folder = trackers.start_for_parts(PART) end)
  teardown(function() trackers.end_parts(tracker, folder) end)

  local function file(name, size)
    return support.write(folder.path .. "/" .. name, ("0123456789abcdef"):rep(size // 16))
  end

  it("may vanish", function()
    local session <close> = tracker:session()
    local path = file("vanishing", 60 * PART)
    local ok, err = pcall(session.create_component, session, path, nil, nil, { progress = function()
      uv.fs_unlink(path)
    end })
    assert.is_false(ok)
    assert.matches("vanishing", errors.message(err), 1, true)
    assert.equal(0, #session.created)
    assert.same({}, support.entries(folder.path .. "/state/moonshift/transfers"))
  end)

  it("may be no file", function()
    local session <close> = tracker:session()
    assert(os.execute(("mkfifo '%s/fifo'"):format(folder.path)))
    for name, code in pairs { fifo = "invalid", ["."] = "invalid", missing = "not_found" } do
      local ok, err = pcall(session.create_component, session, folder.path .. "/" .. name)
      assert.is_false(ok)
      assert.equal(code, errors.code(err))
    end
  end)

  it("may not fit on the server's disk, until there is room", function()
    local disk <close> = support.disk "3m"
    if not disk then return pending "mounting is not allowed here" end
    local server <close> = support.serve { data = disk.path .. "/data" }
    local session <close> = moonshift.session {
      server_url = server.url, api_user = server.environment.FTRACK_API_USER,
      api_key = server.environment.FTRACK_API_KEY,
    }
    local ok, err = pcall(session.create_component, session, file("large", 8 * MIB))
    assert.is_false(ok)
    assert.matches("space", errors.message(err), 1, true)
    assert(os.execute(("mount -o remount,size=40m '%s'"):format(disk.path)))
    local component = session:create_component(folder.path .. "/large")
    assert.equal(8 * MIB, component.size)
    assert.same({}, support.entries(disk.path .. "/data/blobs/.incoming"))
  end)

  it("may not fit with the others of its sequence, which then leave what room there is", function()
    local disk <close> = support.disk "20m"
    if not disk then return pending "mounting is not allowed here" end
    local server <close> = support.serve { data = disk.path .. "/data" }
    local session <close> = moonshift.session {
      server_url = server.url, api_user = server.environment.FTRACK_API_USER,
      api_key = server.environment.FTRACK_API_KEY, connections = 1,
    }
    system.set_environment("MOONSHIFT_PART_BYTES", tostring(2 * MIB)) -- each file goes at once
    local _ <close> = setmetatable({}, { __close = function()
      system.set_environment("MOONSHIFT_PART_BYTES", tostring(PART))
    end })
    for i = 1, 10 do -- the same bytes would come to share one file
      support.write(("%s/frame.%d"):format(folder.path, i), ("%016d"):format(i):rep(3 * MIB // 16))
    end
    local ok, err = pcall(session.create_component, session, folder.path .. "/frame.%d [1-10]")
    assert.is_false(ok)
    assert.matches("space", errors.message(err), 1, true)
    local left = 0
    for _, name in ipairs(support.entries(disk.path .. "/data/blobs")) do
      if name:find "^%x%x$" then left = left + #support.entries(disk.path .. "/data/blobs/" .. name) end
    end
    assert.is_true(left <= 1) -- one that was under way may have come to its end
    assert.same({}, support.entries(paths.find("state", "sequences")))
    assert(os.execute(("mount -o remount,size=60m '%s'"):format(disk.path)))
    assert.equal(10, #session:create_component(folder.path .. "/frame.%d [1-10]").members)
  end)

  it("may not fit on this machine's disk", function()
    local disk <close> = support.disk "2m"
    if not disk then return pending "mounting is not allowed here" end
    local session <close> = tracker:session()
    for _, size in ipairs { 3 * MIB, 9 * MIB } do
      local component = session:create_component(file("wide", size))
      local ok, err = pcall(session.download, session, component, disk.path)
      assert.is_false(ok)
      assert.matches("space", errors.message(err), 1, true)
      assert.same({}, support.entries(disk.path))
    end
  end)

  it("may have any name, and comes back under one that fits", function()
    local session <close> = tracker:session()
    local target <close> = support.folder()
    local long = ("é"):rep(125) .. ".exr"
    local names = { "with space.exr", "line\nbreak.exr", "..hidden", "quote\"'\\.exr", "50%.exr", long }
    for _, name in ipairs(names) do
      local component = session:create_component(file(name, 16))
      for _ = 1, 2 do
        local path = session:download(component, target.path)
        assert.equal(16, #support.read(path))
        assert.is_nil(path:match "[^/]*$":find "[%c/]")
        assert.is_truthy(utf8.len(path))
      end
    end
    assert.equal(2 * #names, #support.entries(target.path))
  end)

  it("may have more than 4 GiB", function()
    if not os.getenv "MOONSHIFT_LONG" then return pending "takes its time: MOONSHIFT_LONG=1" end
    system.set_environment("MOONSHIFT_PART_BYTES", nil)
    local session <close> = tracker:session()
    local path, size = folder.path .. "/sparse", 4 * 1024 * MIB + 12345
    local sparse <close> = assert(io.open(path, "wb"))
    sparse:seek("set", size - 3)
    sparse:write "end"
    sparse:flush()
    local component = session:create_component(path)
    assert.equal(size, component.size)
    local target <close> = support.folder()
    local copy = session:download(component, target.path)
    assert.is_true(os.execute(("cmp '%s' '%s'"):format(path, copy)))
    system.set_environment("MOONSHIFT_PART_BYTES", tostring(PART))
  end)
end)
