--- Containers: components in components, whose data go where they go.

local errors = require "moonshift.errors"
local support = require "support"
local system = require "moonshift.core.system"
local trackers = require "trackers"
local uv = require "luv"

local CONFIG = [[
return {
  locations = {
    { name = "disk", prefix = "%s/disk folder", structure = "standard", priority = 500 },
    { name = "by-id", prefix = "%s/by-id", structure = "id", priority = 500 },
  },
}
]]

trackers.describe("a container", function(test, tracker_of)
  local folder
  setup(function()
    folder = support.folder()
    support.write(folder.path .. "/config.lua", CONFIG:format(folder.path, folder.path))
    system.set_environment("MOONSHIFT_CONFIG", folder.path .. "/config.lua")
    for i = 1, 3 do support.write(("%s/in/f.%04d.exr"):format(folder.path, i), ("frame %d"):format(i)) end
    support.write(folder.path .. "/in/notes.txt", "notes")
    local session <close> = tracker_of():session()
    local project = session:create("Project", {
      name = "show", full_name = "Show", project_schema = session:query "ProjectSchema":first(),
    })
    local asset = session:create("Asset", { name = "kit", parent = project, type = session:query "AssetType":first() })
    session:create("AssetVersion", { asset = asset })
    session:commit()
  end)
  teardown(function()
    system.set_environment("MOONSHIFT_CONFIG", nil)
    getmetatable(folder).__close(folder)
  end)

  -- A box with a file, and a smaller box with a sequence.
  local function new_box(session, location)
    local box = session:create("ContainerComponent", { name = "box", version = session:query "AssetVersion":one() })
    local inner = session:create("ContainerComponent", { name = "inner", container = box })
    session:commit()
    session:create_component(folder.path .. "/in/notes.txt", { container = box }, location)
    local frames = folder.path .. "/in/f.%04d.exr [1-3]"
    session:create_component(frames, { name = "plate", container_id = inner.id }, location)
    return box, inner
  end

  local function place(session, name)
    return session:ensure("Location", { name = name }, { "name" })
  end

  test("goes with all that is in it, however deep", function(session)
    local server, disk = place(session, "ftrack.server"), place(session, "disk")
    local box, inner = new_box(session, server)
    disk:add_component(box, server)
    local plate = inner.members[1]
    local pattern = folder.path .. "/disk folder/show/kit/v001/box/inner/plate.%04d.exr"
    assert.equal(pattern, disk:get_filesystem_path(plate))
    for i = 1, 3 do assert.equal(("frame %d"):format(i), support.read(pattern:format(i))) end
    assert.equal("notes", support.read(folder.path .. "/disk folder/show/kit/v001/box/notes.txt"))
    disk:remove_component(box)
    assert.is_nil(uv.fs_lstat(pattern:format(1)))
    assert.equal(0, disk:get_component_availability(box))
    session:delete(box)
    session:commit()
  end)

  test("is as available as what is in it", function(session)
    local server, by_id = place(session, "ftrack.server"), place(session, "by-id")
    local box, inner = new_box(session, server)
    assert.equal(100, server:get_component_availability(box))
    by_id:add_component(inner.members[1], server)
    assert.equal(100, by_id:get_component_availability(inner))
    assert.equal(50, by_id:get_component_availability(box))
    by_id:remove_component(inner.members[1].members[2])
    local all = session:get_component_availabilities { box, inner, inner.members[1] }
    assert.near(100 / 3, all[1][by_id.id], 1e-6)
    assert.near(200 / 3, all[2][by_id.id], 1e-6)
    assert.near(200 / 3, all[3][by_id.id], 1e-6)
    session:delete(box)
    session:commit()
  end)

  test("is where new members are put", function(session)
    local box, inner = new_box(session, place(session, "disk"))
    local base = folder.path .. "/disk folder/show/kit/v001/box"
    assert.equal("frame 2", support.read(base .. "/inner/plate.0002.exr"))
    assert.equal("notes", support.read(base .. "/notes.txt"))
    assert.equal(3, #inner.members[1].members)
    session:delete(box)
    session:commit()
  end)

  test("has no address of its own, its members have", function(session)
    local server, disk = place(session, "ftrack.server"), place(session, "disk")
    local plate = session:create_component(folder.path .. "/in/f.%04d.exr [1-3]", {
      version = session:query "AssetVersion":one(), name = "urls",
    }, server)
    local ok, err = pcall(server.get_url, server, plate)
    assert.same({ false, "invalid" }, { ok, errors.code(err) })
    assert.matches("^%a+://", server:get_url(plate.members[1]))
    ok, err = pcall(disk.get_url, disk, plate.members[1])
    assert.same({ false, "not_found" }, { ok, errors.code(err) })
    disk:add_component(plate, server)
    assert.equal("file://" .. folder.path .. "/disk%20folder/show/kit/v001/urls.0001.exr",
      disk:get_url(plate.members[1]))
  end)

  test("of very many frames is asked about in one request", function(session)
    local server = place(session, "ftrack.server")
    local plate = session:create("SequenceComponent", { name = "long", padding = 5 })
    local count = 27000
    for i = 1, count do
      local member = session:create("FileComponent", { name = ("%05d"):format(i), container = plate })
      session:create("ComponentLocation", {
        component_id = member.id, location_id = server.id, resource_identifier = member.id,
      })
    end
    session:commit()
    assert.equal(100, server:get_component_availability(plate))
    local members = session:query("select id from FileComponent where container_id is {id}", { id = plate.id }):all()
    assert.equal(count, #session:get_component_availabilities(members, { server }))
    server:remove_component(members[1])
    local by_id = place(session, "by-id")
    local ok, err = pcall(by_id.add_component, by_id, plate, server)
    assert.same({ false, "not_found" }, { ok, errors.code(err) })
    assert.matches("is not in the location 'ftrack.server'", errors.message(err), 1, true)
  end)
end)

trackers.describe("a new component that is refused", function(test, tracker_of)
  local folder
  setup(function()
    folder = support.folder()
    support.write(folder.path .. "/config.lua",
      ('return { locations = { { name = "flat", prefix = "%s/flat", structure = "id" } } }'):format(folder.path))
    system.set_environment("MOONSHIFT_CONFIG", folder.path .. "/config.lua")
    support.write(folder.path .. "/in/a.txt", "a")
  end)
  teardown(function()
    system.set_environment("MOONSHIFT_CONFIG", nil)
    getmetatable(folder).__close(folder)
  end)

  test("leaves nothing, here and there", function(session)
    local flat = session:ensure("Location", { name = "flat" }, { "name" })
    for code, data in pairs {
      integrity = { version_id = "9b9ab0a3-3d7d-4f2b-8d3a-5d8f0f3c5d5e" }, not_found = { nmae = "a" },
    } do
      local ok, err = pcall(session.create_component, session, folder.path .. "/in/a.txt", data, flat)
      assert.is_false(ok)
      assert.matches(code == "integrity" and "does not exist" or "did you mean 'name'", errors.message(err), 1, true)
      assert.same({}, support.entries(folder.path .. "/flat"))
      assert.equal(0, #session.created)
    end
    session:create_component(folder.path .. "/in/a.txt", {}, flat) -- the session can go on
  end)

  test("does not touch the data of another with its id", function(session)
    local other <close> = tracker_of():session()
    local server = session:query 'Location where name is "ftrack.server"':one()
    local first = session:create_component(folder.path .. "/in/a.txt", {}, server)
    local path = support.write(folder.path .. "/in/b.txt", "another")
    local ok, err = pcall(other.create_component, other, path, { id = first.id },
      other:query 'Location where name is "ftrack.server"':one())
    assert.same({ false, "exists" }, { ok, errors.code(err) })
    local back <close> = support.folder()
    assert.equal("a", support.read((session:download(first, back.path))))
  end)
end)

describe("functions about components", function()
  it("say what they were given", function()
    local tracker <close> = trackers.start "embedded"
    local session <close> = tracker:session()
    local server = session:query 'Location where name is "ftrack.server"':one()
    local unmanaged = session:query 'Location where name is "ftrack.unmanaged"':one()
    local user = session:query "User":first()
    local new = session:create("FileComponent", { name = "new" })
    for words, call in pairs {
      ["expected a component, found a nil"] = { server.add_component, server, nil, unmanaged },
      ["expected a component, found a string"] = { server.add_component, server, "x", unmanaged },
      ["expected a component, found a User"] = { server.add_components, server, { user }, unmanaged },
      ["expected a component, found a number"] = { server.remove_component, server, 5 },
      ["expected a location, found a nil"] = { server.add_component, server, new },
      ["expected a location, found a string"] = { server.add_component, server, new, "ftrack.origin" },
      ["did you mean 'progress'"] = { server.add_component, server, new, unmanaged, { progres = print } },
      ["commit it first"] = { server.add_component, server, new, unmanaged },
      ["expected a location, found a User"] = { session.create_component, session, "x", {}, user },
      ["must be a string, not a nil"] = { session.create_component, session },
      ["create_component: unknown option"] = { session.create_component, session, "x", {}, server, { hurry = true } },
    } do
      local ok, err = pcall(table.unpack(call, 1, 6))
      assert.is_false(ok, words)
      assert.matches(words, errors.message(err), 1, true)
    end
  end)
end)
