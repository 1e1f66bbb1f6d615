--- Large files on this machine: copied beside everything else that goes on, and stopped at once.

local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local support = require "support"
local task = require "moonshift.task"
local trackers = require "trackers"
local uv = require "luv"

local MIB = 1024 * 1024
local SIZE = 300 * MIB

local SCRIPT = [[
local source, target = ...
local function progress()
  print "begun"
  io.stdout:flush()
end
if target then
  require "moonshift.disk".copy(source, target, progress)
else
  local session <close> = require "moonshift".session()
  session:create_component(source, nil, nil, { progress = progress })
end
]]

describe("a large file on this machine", function()
  local folder, file, script, shares_blocks

  -- Bytes, not holes: those are not copied.
  setup(function()
    folder = support.folder()
    file = folder.path .. "/plate.exr"
    local block = ("film"):rep(MIB // 4)
    local stream <close> = assert(io.open(file, "wb"))
    for _ = 1, SIZE // MIB do assert(stream:write(block)) end
    script = support.write(folder.path .. "/copy.lua", SCRIPT)
    local clone = folder.path .. "/clone"
    shares_blocks = support.run { "--reflink=always", file, clone, program = "/bin/cp" }.exit_code == 0
    uv.fs_unlink(clone)
  end)
  teardown(function() getmetatable(folder).__close(folder) end)

  -- How often a task that only looks at the clock gets its turn while `work` runs.
  local function turns_during(work)
    local turns = 0
    local _ <close> = task.spawn(function()
      while true do
        task.sleep(0.005)
        turns = turns + 1
      end
    end)
    work()
    return turns
  end

  local function data_files(tracker)
    return support.run({ tracker.folder.path .. "/blobs", "-type", "f", program = "/usr/bin/find" }).stdout
  end

  it("leaves other tasks their turns, and tells how far it is", function()
    if shares_blocks then return pending "this file system shares blocks" end
    local tracker <close> = trackers.start "embedded"
    local session <close> = tracker:session()
    local told = {}
    local component
    local turns = turns_during(function()
      component = session:create_component(file, nil, nil, { progress = function(done) told[#told + 1] = done end })
    end)
    assert.is_true(turns > 3, turns .. " turns")
    assert.is_true(#told > 1, #told .. " calls")
    for i = 2, #told do assert.is_true(told[i] >= told[i - 1]) end
    assert.equal(SIZE, told[#told])
    turns = turns_during(function() session:download(component, folder.path) end)
    assert.is_true(turns > 3, turns .. " turns")
    assert.equal(0, support.run({ file, folder.path .. "/plate-1.exr", program = "/usr/bin/cmp" }).exit_code)
    os.remove(folder.path .. "/plate-1.exr")
  end)

  it("is nowhere when its task is cancelled", function()
    if shares_blocks then return pending "this file system shares blocks" end
    local tracker <close> = trackers.start "embedded"
    local session <close> = tracker:session()
    local target = folder.path .. "/copy"
    for _, copy in ipairs {
      function(progress) session:create_component(file, nil, nil, { progress = progress }) end,
      function(progress) core.copy { source = file, path = target, progress = progress } end,
    } do
      local copying
      copying = task.spawn(copy, function() copying:cancel() end)
      local ok, err = pcall(copying.wait, copying)
      assert.is_false(ok)
      assert.equal("cancelled", errors.code(err))
      support.wait_until(function() return data_files(tracker) == "" and not uv.fs_lstat(target) end)
    end
    assert.equal(0, #session:query("select id from FileComponent"):all())
  end)

  it("is nowhere when the program is interrupted", function()
    if shares_blocks then return pending "this file system shares blocks" end
    local tracker <close> = trackers.start "embedded"
    local target <close> = support.folder()
    for _, arguments in ipairs { { file }, { file, target.path .. "/copy" } } do
      local process <close> = support.start {
        "run", script, arguments[1], arguments[2], environment = tracker:environment(),
      }
      process:wait_for "begun"
      process:kill "sigint"
      process:wait()
      assert.same({ 130, "moonshift: stopped by SIGINT\n" }, { process.exit_code, process.stderr })
      assert.equal("", data_files(tracker))
      assert.same({}, support.entries(target.path))
    end
  end)
end)

describe("the progress function of a copy", function()
  it("may end the program", function()
    local folder <close> = support.folder()
    local source = support.write(folder.path .. "/source", "film")
    local script = support.write(folder.path .. "/copy.lua", [[
      require "moonshift.disk".copy(..., ... .. ".copy", function() os.exit(7) end)
      print "not ended"
    ]])
    local result = support.run { "run", script, source }
    assert.same({ 7, "", "" }, { result.exit_code, result.stdout, result.stderr })
  end)

  it("may fail, and the copy goes on", function()
    local folder <close> = support.folder()
    local source = support.write(folder.path .. "/source", "film")
    local script = support.write(folder.path .. "/copy.lua", [[
      require "moonshift.disk".copy(..., ... .. ".copy", function() error "no idea" end)
    ]])
    local result = support.run { "run", script, source }
    assert.equal(0, result.exit_code)
    assert.matches("the progress function failed: .*no idea", result.stderr)
    assert.equal("film", support.read(source .. ".copy"))
  end)
end)

describe("a copy that cannot be", function()
  it("says which side, and leaves what was there", function()
    local folder <close> = support.folder()
    local source = support.write(folder.path .. "/source", "new")
    local there = support.write(folder.path .. "/there", "old")
    for path, case in pairs {
      [there] = { "io", "writing: File exists" },
      [folder.path .. "/none/x"] = { "not_found", "writing: No such file" },
    } do
      local ok, err = pcall(core.copy, { source = source, path = path })
      assert.is_false(ok)
      assert.same({ case[1], true }, { errors.code(err), errors.message(err):find(case[2], 1, true) ~= nil })
    end
    local _, err = pcall(core.copy, { source = folder.path .. "/none", path = folder.path .. "/x" })
    assert.same({ "not_found", true }, { errors.code(err), errors.message(err):find "^reading: " ~= nil })
    assert.equal("old", support.read(there))
    assert.same({ "source", "there" }, support.entries(folder.path))
  end)

  it("is told when the disk is full", function()
    local folder <close> = support.folder()
    local disk <close> = support.disk "64k"
    if not disk then return pending "mounting is not allowed here" end
    local source = support.write(folder.path .. "/source", ("x"):rep(200 * 1024))
    for _ = 1, 50 do -- a worker may be quicker or slower than who waits for it
      local ok, err = pcall(core.copy, { source = source, path = disk.path .. "/copy" })
      assert.is_false(ok)
      assert.same({ "full", "writing: No space left on device" }, { errors.code(err), errors.message(err) })
    end
    assert.same({}, support.entries(disk.path))
  end)
end)
