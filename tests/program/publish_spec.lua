--- `moonshift publish` and `moonshift transfer`, run as programs.

local cjson = require "cjson"
local moonshift = require "moonshift"
local support = require "support"
local system = require "moonshift.core.system"
local uv = require "luv"

local function as_nobody(command)
  return {
    program = "setpriv", environment = command.environment, cwd = command.cwd,
    "--reuid=65534", "--clear-groups", system.program(), table.unpack(command),
  }
end

describe("moonshift publish", function()
  local folder, data, environment
  setup(function()
    folder = support.folder()
    data = folder.path .. "/data"
    environment = {
      MOONSHIFT_DATA = data, XDG_STATE_HOME = folder.path .. "/state", FTRACK_SERVER = false,
      MOONSHIFT_CONFIG = support.write(folder.path .. "/config.lua",
        ('return { locations = { { name = "disk", prefix = "%s/projects", priority = 900 } } }'):format(folder.path)),
    }
    local session <close> = moonshift.session { data = data }
    local project = session:create("Project", {
      name = "show", full_name = "The Show", project_schema = session:query "ProjectSchema":first(),
    })
    local shot = session:create("Shot", { name = "sh010", parent = project })
    session:create("Task", { name = "comp", parent = shot })
    session:commit()
    for i = 1001, 1005 do support.write(("%s/in/sh010.%d.exr"):format(folder.path, i), "frame " .. i) end
    support.write(folder.path .. "/in/sh010.mov", "movie")
  end)
  teardown(function() getmetatable(folder).__close(folder) end)

  local function run(...)
    return support.run { environment = environment, cwd = folder.path, ... }
  end

  local function query(expression)
    local session <close> = moonshift.session { data = data }
    return session:call { { action = "query", expression = expression } }[1].data
  end

  it("makes an asset, the next version and its components", function()
    for number = 1, 2 do
      local result = run("publish", "in/*", "--to", "show/sh010/comp", "--asset", "comp", "--comment", "try " .. number)
      assert.same({ 0, "" }, { result.exit_code, result.stderr })
      assert.matches("sh010.%d.exr [1001-1005] (5 files, 50 B)", result.stdout, 1, true)
      assert.matches(("published comp v%03d"):format(number), result.stdout, 1, true)
    end
    local versions = query "select version, comment, is_published, task.name, asset.parent.name from AssetVersion"
    assert.equal(2, #versions)
    for _, version in ipairs(versions) do
      assert.same({ "try " .. math.tointeger(version.version), true, "comp", "sh010" },
        { version.comment, version.is_published, version.task.name, version.asset.parent.name })
    end
    assert.equal(2, #query "select id from SequenceComponent")
    assert.equal(10, #query 'select id from FileComponent where container_id like "%"')
    assert.equal(2, #query 'select id from FileComponent where file_type is ".mov" and name is "sh010-2"')
  end)

  it("takes the task's id, and wants the asset's name", function()
    local id = query 'select id from Task where name is "comp"'[1].id
    local result = run("publish", "in/sh010.mov", "--to", id:upper(), "--asset", "by id")
    assert.same({ 0, "" }, { result.exit_code, result.stderr })
    local version_id = query 'select id from AssetVersion where asset.name is "by id"'[1].id
    assert.matches(("published by id v001 (%s)\n"):format(version_id), result.stdout, 1, true)
    result = run("publish", "in/sh010.mov", "--to", id, "--asset", "")
    assert.equal(2, result.exit_code)
    assert.matches("--asset is missing", result.stderr, 1, true)
  end)

  it("tells programs in JSON", function()
    local result = run("publish", "in/sh010.mov", "--to", "show/sh010/comp", "--asset", "movie", "--json")
    local events = {}
    for line in result.stdout:gmatch "[^\n]+" do events[#events + 1] = cjson.decode(line) end
    assert.equal("progress", events[1].event)
    assert.same({ "done", "movie", 1 }, { events[#events].event, events[#events].asset, events[#events].version })
  end)

  it("leaves nothing where a file is missing or the place is wrong", function()
    local before = #query "select id from AssetVersion"
    for words, arguments in pairs {
      ["no such file"] = { "in/missing.mov", "--to", "show/sh010/comp", "--asset", "new" },
      ["did you mean 'sh010'"] = { "in/sh010.mov", "--to", "show/sh011/comp", "--asset", "new" },
      ["no asset type 'Nonsense'"] = { "in/sh010.mov", "--to", "show/sh010", "--asset", "new", "--type", "Nonsense" },
      ["no asset type 'Nothing'"] = { "in/sh010.mov", "--to", "show/sh010", "--asset", "comp", "--type", "Nothing" },
      ["in/sh010.%d.exr [1-10]"] = { "in/sh010.%d.exr", "--to", "show/sh010", "--asset", "new" },
      ["in/sh010.1006.exr"] = { "in/sh010.%d.exr [1001-1006]", "--to", "show/sh010", "--asset", "new" },
      ["location 'nowhere'"] = { "in/sh010.mov", "--to", "show/sh010", "--asset", "new", "--location", "nowhere" },
    } do
      local result = run("publish", table.unpack(arguments))
      assert.equal(1, result.exit_code)
      assert.matches(words, result.stderr, 1, true)
    end
    assert.equal(before, #query "select id from AssetVersion")
    assert.same({}, query 'select id from Asset where name is "new"')
    assert.equal(2, run("publish", "in/sh010.mov", "--to", "show").exit_code)
  end)

  it("takes names that are hard to write", function()
    local names = { "with blank", "new\nline", ("x"):rep(251) .. ".exr", "\xff\xfe.exr", "-dash.exr", "a%04d [1].exr" }
    for i, name in ipairs(names) do
      local path = support.write(folder.path .. "/names/" .. name, "bytes " .. i)
      local result = run("publish", path, "--to", "show/sh010/comp", "--asset", "names")
      assert.same({ 0, "" }, { result.exit_code, result.stderr })
    end
    support.write(folder.path .. "/-dash.exr", "bytes")
    assert.equal(0, run("publish", "--to", "show/sh010/comp", "--asset", "dash", "--", "-dash.exr").exit_code)
    assert.equal(#names, #query 'select id from AssetVersion where asset.name is "names"')
  end)

  it("says what cannot be read", function()
    local probe = { "version", environment = environment }
    if uv.getuid() == 0 and support.run(as_nobody(probe)).exit_code ~= 0 then
      pending "root is refused nothing, and nobody else can run the program where it is"
      return
    end
    local paths = folder.path .. "/unreadable"
    support.write(paths .. "/closed/a.exr", "x")
    support.write(paths .. "/secret.mov", "x")
    assert(uv.fs_chmod(folder.path, 493)) -- 0755
    assert(uv.fs_chmod(paths .. "/closed", 0))
    assert(uv.fs_chmod(paths .. "/secret.mov", 0))
    for file, words in pairs {
      ["unreadable/secret.mov"] = "it cannot be read; check its permissions",
      ["unreadable/closed/a.exr"] = "permission denied",
      ["unreadable/closed/*.exr"] = "closed/' cannot be read; check its permissions",
      ["/dev/null"] = "it is a character device, not a regular file",
    } do
      local command = { "publish", file, "--to", "show", "--asset", "no", environment = environment, cwd = folder.path }
      if uv.getuid() == 0 then command = as_nobody(command) end -- root is refused nothing
      local result = support.run(command)
      assert.equal(1, result.exit_code, result.stderr)
      assert.matches(words, result.stderr, 1, true)
    end
    assert(uv.fs_chmod(paths .. "/closed", 448)) -- 0700
  end)

  it("is followed by a transfer", function()
    local id = query('select id from AssetVersion where asset.name is "comp" and version is 1')[1].id
    local result = run("transfer", id, "--to", "disk")
    assert.same({ 0, "" }, { result.exit_code, result.stderr })
    assert.equal("frame 1003", support.read(folder.path .. "/projects/show/sh010/comp/v001/sh010.1003.exr"))
    assert.equal(0, run("transfer", id, "--to", "disk").exit_code) -- there already
    assert.equal(0, run("transfer", id, "--from", "disk", "--to", "ftrack.server", "--move").exit_code)
    assert.is_nil(uv.fs_lstat(folder.path .. "/projects/show/sh010/comp/v001/sh010.1003.exr"))
    assert.equal(1, run("transfer", "no-such-id", "--to", "disk").exit_code)
    local result_of_one = run("transfer", id, "--to", "ftrack.server", "--move")
    assert.equal(2, result_of_one.exit_code)
    assert.matches("name two locations", result_of_one.stderr, 1, true)
    assert.equal(0, run("transfer", id, "--to", "disk").exit_code) -- it is there still
  end)
end)
