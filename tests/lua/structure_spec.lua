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

describe("structures", function()
  it("standard: by project, contexts, asset and version", function()
    assert.equal("my_show/sq_010/sh010/comp_main/v003/uberblick_1.mov", structure.standard(movie))
    assert.equal("my_show/sq_010/sh010/comp_main/v003/plate.%04d.exr", structure.standard(plate))
    assert.equal("my_show/sq_010/sh010/comp_main/v003/plate.0007.exr", structure.standard(frame))
  end)

  it("standard needs a version", function()
    local ok, err = pcall(structure.standard, { id = ID, name = "x", file_type = "" })
    assert.is_false(ok)
    assert.equal("invalid", errors.code(err))
  end)

  it("id: four folders", function()
    assert.equal("a/b/c/d/" .. ID .. ".mov", structure.id(movie))
    assert.equal("a/b/c/d/" .. ID, structure.id(plate))
    assert.equal("a/b/c/d/" .. ID .. "/file.0007.exr", structure.id(frame))
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
    assert.equal("ab", structure.plain "a\xffb")
  end)
end)

describe("a folder for components", function()
  local folder
  before_each(function() folder = support.folder() end)
  after_each(function() getmetatable(folder).__close(folder) end)

  it("lets nothing out", function()
    for _, resource in ipairs { "/etc/passwd", "../x", "a/../../x", "a/..", "", "a\0b" } do
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
    local ok, err = pcall(disk.copy, source, folder.path .. "/deep/er/copy")
    assert.is_false(ok)
    assert.equal("exists", errors.code(err))
    ok, err = pcall(disk.copy, folder.path .. "/missing", folder.path .. "/other")
    assert.is_false(ok)
    assert.equal("io", errors.code(err))
    assert.is_nil(require "luv".fs_lstat(folder.path .. "/other"))
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
