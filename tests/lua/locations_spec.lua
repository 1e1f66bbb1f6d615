--- Locations: a studio's folders beside the tracker's own.

local core = require "moonshift.core.session"
local errors = require "moonshift.errors"
local support = require "support"
local system = require "moonshift.core.system"
local trackers = require "trackers"
local uv = require "luv"


local CONFIG = [[
return {
  locations = {
    { name = "studio.disk", prefix = { linux = "%s/projects" }, structure = "standard", priority = %d },
    { name = "studio.flat", prefix = "%s/flat/", structure = function(component)
      local container = component.container
      return (container and container.id .. "/" or "") .. component.name .. component.file_type
    end, priority = 500 },
    { name = "studio.odd", prefix = "%s/odd", structure = function(component)
      if component.name == "nothing" then return nil end
      if component.name == "fails" then error "no idea" end
      return component.name == "same" and "one/path" or component.name
    end, priority = 500 },
    { name = "studio.id", prefix = "%s/by-id", structure = "id", priority = 500 },
  },
}
]]

describe("locations in config.lua", function()
  it("are checked", function()
    local folder <close> = support.folder()
    local tracker <close> = trackers.start "embedded"
    local _ <close> = setmetatable({}, { __close = function() system.set_environment("MOONSHIFT_CONFIG", nil) end })
    system.set_environment("MOONSHIFT_CONFIG", folder.path .. "/config.lua")
    for text, words in pairs {
      ['"x"'] = "is a table",
      ['{ prefix = "/x" }'] = "needs a 'name'",
      ['{ name = "", prefix = "/x" }'] = "needs a 'name'",
      ['{ name = "a" }'] = "needs an absolute path",
      ['{ name = "a", prefix = "x" }'] = "needs an absolute path",
      ['{ name = "a", prefix = "/" }'] = "needs an absolute path",
      ['{ name = "a", prefix = { linux = "x" } }'] = "needs an absolute path",
      ['{ name = "a", prefix = "/x", priority = "high" }'] = "is a number",
      ['{ name = "a", prefix = "/x", structure = "odd" }'] = "no structure 'odd'",
      ['{ name = "a", prefix = "/x", prio = 1 }'] = "no setting 'prio'",
      ['{ name = "a", prefix = "/x" }, { name = "a", prefix = "/y" }'] = "'a' already",
      ['{ name = "ftrack.server", prefix = "/x" }'] = "'ftrack.server' already",
    } do
      support.write(folder.path .. "/config.lua", ("return { locations = { %s } }"):format(text))
      local session <close> = tracker:session()
      local ok, err = pcall(session.create_component, session, folder.path .. "/config.lua")
      assert.is_false(ok, text)
      assert.equal("usage", errors.code(err), text)
      assert.matches(words, errors.message(err), 1, true)
    end
  end)

  it("may be on other platforms alone", function()
    local folder <close> = support.folder()
    local tracker <close> = trackers.start "embedded"
    local _ <close> = setmetatable({}, { __close = function() system.set_environment("MOONSHIFT_CONFIG", nil) end })
    system.set_environment("MOONSHIFT_CONFIG", support.write(folder.path .. "/config.lua",
      'return { locations = { { name = "a", prefix = { windows = "X:/" }, priority = 1 } } }'))
    local session <close> = tracker:session()
    local component = session:create_component(folder.path .. "/config.lua")
    assert.equal("ftrack.server", component.component_locations[1].location.name)
  end)
end)

for _, kind in ipairs(trackers.KINDS) do
  describe("locations over " .. kind, function()
    local tracker, folder
    local number = 0
    local function configure(priority)
      support.write(folder.path .. "/config.lua", CONFIG:format(folder.path, priority, folder.path, folder.path,
        folder.path))
    end
    setup(function()
      tracker, folder = trackers.start(kind), support.folder()
      configure(10)
      system.set_environment("MOONSHIFT_CONFIG", folder.path .. "/config.lua")
      local first <close> = tracker:session()
      local project = first:create("Project", {
        name = "show", full_name = "The Show", project_schema = first:query "ProjectSchema":first(),
      })
      local shot = first:create("Shot", { name = "SH 010", parent = project })
      local asset = first:create("Asset", { name = "comp", parent = shot, type = first:query "AssetType":first() })
      first:create("AssetVersion", { asset = asset })
      first:commit()
    end)
    teardown(function()
      system.set_environment("MOONSHIFT_CONFIG", nil)
      getmetatable(folder).__close(folder)
      tracker:close()
    end)

    local function frames(count)
      number = number + 1
      for i = 1, count do
        support.write(("%s/frames-%d/f.%04d.exr"):format(folder.path, number, i), ("frame %d"):format(i))
      end
      return ("%s/frames-%d/f.%%04d.exr [1-%d]"):format(folder.path, number, count)
    end

    local function file(text)
      number = number + 1
      return support.write(("%s/file-%d.mov"):format(folder.path, number), text)
    end

    it("the best one that takes data is chosen", function()
      local session <close> = tracker:session()
      local server = session:query 'Location where name is "ftrack.server"':one()
      local version = session:query "AssetVersion":one()
      local component = session:create_component(file "bytes", { name = "movie", version = version })
      local disk = session:query 'Location where name is "studio.disk"':one()
      assert.equal(100, disk:get_component_availability(component))
      assert.equal(0, server:get_component_availability(component))
      local path = disk:get_filesystem_path(component)
      assert.equal(folder.path .. "/projects/show/sh_010/comp/v001/movie.mov", path)
      assert.equal("bytes", support.read(path))
    end)

    it("data go from one to another and away again", function()
      local session <close> = tracker:session()
      local server = session:query 'Location where name is "ftrack.server"':one()
      local version = session:query "AssetVersion":one()
      local disk = session:query 'Location where name is "studio.disk"':one()
      local component = session:create_component(frames(12), { name = "plate", version = version }, server)
      assert.equal(12, #component.members)
      local last = 0
      disk:add_component(component, server, { progress = function(done) last = done end })
      if kind == "http" then assert.equal(component.size, last) end
      local pattern = disk:get_filesystem_path(component)
      assert.matches("/comp/v001/plate.%04d.exr", pattern, 1, true)
      assert.equal("frame 7", support.read(pattern:format(7)))
      assert.same({ 100, 100 }, {
        disk:get_component_availability(component), server:get_component_availability(component),
      })
      local ok, err = pcall(disk.add_component, disk, component, server)
      assert.is_false(ok)
      assert.equal("exists", errors.code(err))
      server:remove_component(component)
      assert.same({ 100, 0 }, {
        disk:get_component_availability(component), server:get_component_availability(component),
      })
      server:add_component(component, disk)
      disk:remove_component(component)
      assert.is_nil(uv.fs_lstat(pattern:format(7)))
      local row = session:query(('select url from ComponentLocation where component_id is "%s"')
        :format(component.members[7].id)):one()
      assert.is_not_nil(row.url)
      local back <close> = support.folder()
      assert.equal("frame 7", support.read((session:download(component.members[7], back.path))))
    end)

    it("nothing is left where a copy failed", function()
      local session <close> = tracker:session()
      local server = session:query 'Location where name is "ftrack.server"':one()
      local flat = session:ensure("Location", { name = "studio.flat" }, { "name" })
      local component = session:create_component(frames(5), { name = "broken" }, server)
      local taken = ("%s/flat/%s/0003.exr"):format(folder.path, component.id)
      support.write(taken, "somebody else's")
      local ok, err = pcall(flat.add_component, flat, component, server)
      assert.is_false(ok)
      assert.equal("exists", errors.code(err))
      assert.equal("somebody else's", support.read(taken))
      assert.equal(0, flat:get_component_availability(component))
      for i = 1, 5 do
        local path = taken:gsub("0003", ("%04d"):format(i))
        assert.equal(i == 3, uv.fs_lstat(path) ~= nil)
      end
    end)

    it("refuses what is no path below its folder, or another component's", function()
      local session <close> = tracker:session()
      local odd = session:ensure("Location", { name = "studio.odd" }, { "name" })
      for name, code in pairs {
        ["../x"] = "invalid", ["/etc/x"] = "invalid", [".."] = "invalid", [""] = "invalid", ["a/"] = "invalid",
        nothing = "invalid", fails = "invalid",
      } do
        local ok, err = pcall(session.create_component, session, file "x", { name = name, file_type = "" }, odd)
        assert.is_false(ok, name)
        assert.equal(code, errors.code(err), errors.message(err))
      end
      local first = session:create_component(file "x", { name = "same" }, odd)
      local ok, err = pcall(session.create_component, session, file "x", { name = "same" }, odd)
      assert.is_false(ok)
      assert.equal("exists", errors.code(err))
      assert.matches("another component's", errors.message(err), 1, true)
      assert.equal("x", support.read(odd:get_filesystem_path(first)))
      odd:remove_component(first)
      session:create_component(file "y", { name = "same" }, odd)
    end)

    it("two at once cannot be one file", function()
      local session <close> = tracker:session()
      local server = session:query 'Location where name is "ftrack.server"':one()
      local odd = session:ensure("Location", { name = "studio.odd" }, { "name" })
      for _, row in ipairs(session:query 'ComponentLocation where location.name is "studio.odd"':all()) do
        session:delete(row)
      end
      session:commit()
      local both = {}
      for i = 1, 2 do both[i] = session:create_component(file("x" .. i), { name = "same" }, server) end
      local ok, err = pcall(odd.add_components, odd, both, server)
      assert.is_false(ok)
      assert.matches("would both be 'one/path'", errors.message(err), 1, true)
    end)

    it("goes on where a process was killed", function()
      local session <close> = tracker:session()
      local server = session:query 'Location where name is "ftrack.server"':one()
      local flat = session:ensure("Location", { name = "studio.flat" }, { "name" })
      local component = session:create_component(frames(5), { name = "killed" }, server)
      for i = 1, 3 do -- the files are there, the rows are not
        support.write(("%s/flat/%s/%04d.exr"):format(folder.path, component.id, i), ("frame %d"):format(i))
      end
      flat:add_component(component, server)
      assert.equal(100, flat:get_component_availability(component))
      for i = 1, 5 do
        assert.equal(("frame %d"):format(i), support.read(flat:get_filesystem_path(component.members[i])))
      end
      local scan, names = uv.fs_scandir(("%s/flat/%s"):format(folder.path, component.id)), 0
      for _ in uv.fs_scandir_next, scan do names = names + 1 end
      assert.equal(5, names)
    end)

    it("data go between folders, as files that everybody may read", function()
      local session <close> = tracker:session()
      local server = session:query 'Location where name is "ftrack.server"':one()
      local flat = session:ensure("Location", { name = "studio.flat" }, { "name" })
      local by_id = session:ensure("Location", { name = "studio.id" }, { "name" })
      local component = session:create_component(frames(3), { name = "moved" }, server)
      flat:add_component(component, server)
      by_id:add_component(component, flat)
      local id = component.id
      assert.equal(("%s/by-id/%s/%s/%s/%s/%s/file.%%04d.exr"):format(folder.path, id:sub(1, 1), id:sub(2, 2),
        id:sub(3, 3), id:sub(4, 4), id:sub(5)), by_id:get_filesystem_path(component))
      local mode = uv.fs_stat(support.write(folder.path .. "/new", "x")).mode
      for _, location in ipairs { flat, by_id } do
        assert.equal(mode, uv.fs_stat(location:get_filesystem_path(component.members[2])).mode)
      end
      flat:remove_component(component)
      assert.equal("frame 2", support.read(by_id:get_filesystem_path(component.members[2])))
    end)

    it("what is there in part is completed", function()
      local session <close> = tracker:session()
      local server = session:query 'Location where name is "ftrack.server"':one()
      local by_id = session:ensure("Location", { name = "studio.id" }, { "name" })
      local component = session:create_component(frames(4), { name = "part" }, server)
      by_id:add_component(component, server)
      for i = 2, 3 do by_id:remove_component(component.members[i]) end
      by_id:add_component(component.members[2], server) -- a member alone has its sequence's place
      assert.matches(component.id:sub(5) .. "/file.0002.exr", by_id:get_filesystem_path(component.members[2]), 1, true)
      by_id:remove_component(component.members[2])
      assert.equal(50, by_id:get_component_availability(component))
      for _ = 1, 2 do
        by_id:add_component(component, server, { missing_only = true })
        assert.equal(100, by_id:get_component_availability(component))
      end
      for i = 1, 4 do
        assert.equal(("frame %d"):format(i), support.read(by_id:get_filesystem_path(component.members[i])))
      end
    end)

    it("others are told what came and went", function()
      local session <close> = tracker:session()
      local other <close> = tracker:session()
      local told = {}
      other.event_hub:subscribe("topic=ftrack.location.*", function(event)
        if other:get("Location", event.data.location_id).name ~= "studio.id" then return end
        told[#told + 1] = event.topic:match "%-(%a+)$" .. " " .. event.data.component_id
      end)
      local server = session:query 'Location where name is "ftrack.server"':one()
      local by_id = session:ensure("Location", { name = "studio.id" }, { "name" })
      local component = session:create_component(frames(3), { name = "told" }, by_id)
      server:add_component(component, session:query 'Location where name is "ftrack.origin"':one())
      by_id:remove_component(component)
      local wanted = {}
      for _, word in ipairs { "added ", "removed " } do
        wanted[#wanted + 1] = word .. component.id
        for _, member in ipairs(component.members) do wanted[#wanted + 1] = word .. member.id end
      end
      support.wait_until(function() return #told >= #wanted end)
      table.sort(told)
      table.sort(wanted)
      assert.same(wanted, told)
    end)

    it("a hub that is out of reach is a warning, once", function()
      local session <close> = tracker:session()
      local asked, warnings, warn = 0, {}, errors.warn
      core.notes(session).event_hub = { publish = function()
        asked = asked + 1
        errors.raise("network", "no hub here")
      end }
      local _ <close> = setmetatable({}, { __close = function() errors.warn = warn end })
      errors.warn = function(text) warnings[#warnings + 1] = text end
      local server = session:query 'Location where name is "ftrack.server"':one()
      for i = 1, 2 do
        local component = session:create_component(file("x" .. i), nil, server)
        assert.equal(100, server:get_component_availability(component))
      end
      assert.equal(1, asked)
      assert.equal(1, #warnings)
      assert.matches("no hub here", warnings[1], 1, true)
      core.notes(session).event_hub = nil
    end)

    it("an unmanaged one moves nothing", function()
      local session <close> = tracker:session()
      local server = session:query 'Location where name is "ftrack.server"':one()
      local unmanaged = session:query 'Location where name is "ftrack.unmanaged"':one()
      local path = file "here"
      local component = session:create_component(path, nil, unmanaged)
      assert.equal(path, unmanaged:get_filesystem_path(component))
      assert.equal(path, unmanaged:get_resource_identifier(component))
      server:add_component(component, unmanaged)
      assert.equal(100, server:get_component_availability(component))
    end)

    it("the origin is this session's memory", function()
      local session <close> = tracker:session()
      local server = session:query 'Location where name is "ftrack.server"':one()
      local origin = session:query 'Location where name is "ftrack.origin"':one()
      local path = file "there"
      local component = session:create_component(path, nil, origin)
      assert.equal(path, origin:get_filesystem_path(component))
      assert.equal(0, #component.component_locations)
      server:add_component(component, origin)
      assert.equal(100, server:get_component_availability(component))
    end)

    it("availability of many comes in one request", function()
      local session <close> = tracker:session()
      local server = session:query 'Location where name is "ftrack.server"':one()
      local components = {}
      for i = 1, 3 do components[i] = session:create_component(file("x" .. i), nil, server) end
      local sequence = session:create_component(frames(4), nil, server)
      server:remove_component(sequence.members[1])
      components[4] = sequence
      local found = session:get_component_availabilities(components, { server })
      assert.same({ 100, 100, 100, 75 }, {
        found[1][server.id], found[2][server.id], found[3][server.id], found[4][server.id],
      })
      assert.same({}, session:get_component_availabilities {})
    end)

    it("one that is not known here says so", function()
      local session <close> = tracker:session()
      local elsewhere = session:create("Location", { name = "elsewhere", id = core.new_id() })
      session:commit()
      local ok, err = pcall(session.create_component, session, file "x", nil, elsewhere)
      assert.is_false(ok)
      assert.matches("config.lua", errors.message(err), 1, true)
    end)
  end)
end
