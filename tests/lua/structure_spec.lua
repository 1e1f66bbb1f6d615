--- From components to paths.

local disk = require "moonshift.disk"
local errors = require "moonshift.errors"
local structure = require "moonshift.structure"
local support = require "support"

local VERSION = { number = 3, asset = "Comp Main", names = { "My Show", "SQ 010", "sh010" } }
local ID = "abcdef00-0000-4000-8000-000000000001"

local movie = { id = ID, name = "Überblick 1", file_type = ".mov", version = VERSION }
local plate = { id = ID, name = "plate", file_type = ".exr", padding = 4, version = VERSION }
local frame = { id = "b" .. ID:sub(2), name = "0007", file_type = ".exr", container = plate }
local box = { id = ID, name = "The Box", file_type = "", is_container = true, version = VERSION }
local boxed = { id = "b" .. ID:sub(2), name = "Notes", file_type = ".TXT", container = box }

describe("structures", function()
  it("standard: by project, contexts, asset and version", function()
    assert.equal("my_show/sq_010/sh010/comp_main/v003/uberblick_1.mov", structure.standard(movie))
    assert.equal("my_show/sq_010/sh010/comp_main/v003/plate.%04d.exr", structure.standard(plate))
    assert.equal("my_show/sq_010/sh010/comp_main/v003/plate.0007.exr", structure.standard(frame))
    assert.equal("my_show/sq_010/sh010/comp_main/v003/the_box", structure.standard(box))
    assert.equal("my_show/sq_010/sh010/comp_main/v003/the_box/notes.txt", structure.standard(boxed))
    assert.equal("my_show/sq_010/sh010/comp_main/v003/x.%d", structure.standard {
      id = ID, name = "X", file_type = "", is_container = true, is_sequence = true, version = VERSION,
    })
  end)

  it("standard needs a version", function()
    local ok, err = pcall(structure.standard, { id = ID, name = "x", file_type = "" })
    assert.is_false(ok)
    assert.equal("invalid", errors.code(err))
  end)

  it("id: four folders", function()
    local rest = "a/b/c/d/" .. ID:sub(5)
    assert.equal(rest .. ".mov", structure.id(movie))
    assert.equal(rest .. "/file.%04d.exr", structure.id(plate))
    assert.equal(rest .. "/file.0007.exr", structure.id(frame))
    assert.equal(rest, structure.id(box))
    assert.equal(rest .. "/" .. boxed.id .. ".TXT", structure.id(boxed))
  end)

  it("entity_id, a function, and none that is unknown", function()
    assert.equal(ID, structure.find "entity_id"(movie))
    assert.equal("x/Überblick 1", structure.find(function(c) return "x/" .. c.name end)(movie))
    local ok, err = pcall(structure.find, "standrad")
    assert.is_false(ok)
    assert.matches("standard, id, entity_id", errors.message(err))
  end)

  it("names stay names", function()
    assert.equal("_", structure.plain "..")
    assert.equal("a_b_c", structure.plain "a/b\nc")
    assert.equal("x.y-z", structure.plain "X.y-Z")
    assert.equal("nu", structure.plain "ñú\u{6620}")
    assert.equal("viet_nam_ox2.1", structure.plain "Việt\u{A0}Nam ờx².1")
    assert.equal("wide_1", structure.plain "Ｗｉｄｅ＿１")
    assert.equal("fi_tm", structure.plain "\u{FB01} ™")
    assert.equal("ab", structure.plain "a\xffb")
  end)
end)

describe("a folder for components", function()
  local folder
  before_each(function() folder = support.folder() end)
  after_each(function() getmetatable(folder).__close(folder) end)

  it("lets nothing out", function()
    for _, resource in ipairs { "/etc/passwd", "../x", "a/../../x", "a/..", "", "a\0b", "a/", "a/." } do
      local ok, err = pcall(disk.path, "/mnt", resource)
      assert.is_false(ok, resource)
      assert.equal("invalid", errors.code(err))
    end
    assert.equal("/mnt/a..b/c", disk.path("/mnt", "a..b/c"))
  end)

  it("copies whole files, never over another", function()
    local source = support.write(folder.path .. "/source", ("x"):rep(100000))
    assert.equal(100000, disk.copy(source, folder.path .. "/deep/er/copy"))
    assert.equal(100000, #support.read(folder.path .. "/deep/er/copy"))
    assert.equal(100000, disk.copy(source, folder.path .. "/deep/er/copy")) -- the same may be there
    for _, other in ipairs { "short", ("y"):rep(100000) } do
      support.write(folder.path .. "/other", other)
      local done, problem = pcall(disk.copy, folder.path .. "/other", folder.path .. "/deep/er/copy")
      assert.is_false(done)
      assert.equal("exists", errors.code(problem))
    end
    os.remove(folder.path .. "/other")
    assert.equal(100000, #support.read(folder.path .. "/deep/er/copy"))
    local ok, err = pcall(disk.copy, folder.path .. "/missing", folder.path .. "/other")
    assert.is_false(ok)
    assert.equal("io", errors.code(err))
    assert.is_nil(require "luv".fs_lstat(folder.path .. "/other"))
  end)

  it("gives copies the permissions of new files, and leaves nothing else", function()
    local uv = require "luv"
    local source = support.write(folder.path .. "/source", "x")
    assert(uv.fs_chmod(source, 256)) -- 0400
    disk.copy(source, folder.path .. "/store/copy")
    support.write(folder.path .. "/store/new", "x")
    assert.equal(uv.fs_stat(folder.path .. "/store/new").mode, uv.fs_stat(folder.path .. "/store/copy").mode)
    disk.settle(folder.path .. "/store", { "copy", "new" })
    os.remove(folder.path .. "/store/new")
    local scan, names = uv.fs_scandir(folder.path .. "/store"), {}
    for name in uv.fs_scandir_next, scan do names[#names + 1] = name end
    assert.same({ "copy" }, names)
  end)

  it("is swept of what a process that was killed has left", function()
    local uv = require "luv"
    local script = support.write(folder.path .. "/copy.lua", [[
      local source, path = ...
      local disk = require "moonshift.disk"
      disk.create(path, 1, function(temporary)
        io.open(temporary, "w"):write "x":close()
        print "begun"
        require "moonshift".sleep(600)
      end)
    ]])
    local process <close> = support.start { "run", script, "source", folder.path .. "/shared/one" }
    process:wait_for "begun"
    local function names()
      local scan, list = uv.fs_scandir(folder.path .. "/shared"), {}
      for name in uv.fs_scandir_next, scan do list[#list + 1] = name end
      table.sort(list)
      return list
    end
    local source = support.write(folder.path .. "/source", "x")
    local function copy(name)
      local result = support.run { "run", "-", source, folder.path .. "/shared/" .. name,
        input = [[ require "moonshift.disk".copy(...) ]] }
      assert.same({ 0, "" }, { result.exit_code, result.stderr })
    end
    copy "two"
    assert.equal(2, #names()) -- the one that is at work, and the copy
    process:kill "sigkill"
    process:wait()
    copy "three"
    assert.same({ "three", "two" }, names())
  end)

  it("is swept of what nobody has written to for long", function()
    local uv = require "luv"
    local source = support.write(folder.path .. "/source", "x")
    local old = support.write(folder.path .. "/swept/.moonshift-x.part", "half")
    local new = support.write(folder.path .. "/swept/.moonshift-y.part", "half")
    uv.fs_utime(old, os.time() - 8 * 86400, os.time() - 8 * 86400)
    disk.copy(source, folder.path .. "/swept/copy")
    assert.is_nil(uv.fs_lstat(old))
    assert.is_truthy(uv.fs_lstat(new))
  end)

  it("takes empty folders away with a file", function()
    local source = support.write(folder.path .. "/source", "x")
    disk.copy(source, folder.path .. "/store/a/b/one")
    disk.copy(source, folder.path .. "/store/a/two")
    disk.remove(folder.path .. "/store", "a/b/one")
    disk.remove(folder.path .. "/store", "a/b/one")
    assert.is_nil(require "luv".fs_lstat(folder.path .. "/store/a/b"))
    assert.equal("x", support.read(folder.path .. "/store/a/two"))
    disk.remove(folder.path .. "/store", "a/two")
    assert.is_truthy(require "luv".fs_lstat(folder.path .. "/store"))
  end)
end)
