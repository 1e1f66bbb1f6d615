--- Moving data between locations: nothing is taken away that is not somewhere else.

local errors = require "moonshift.errors"
local move = require "moonshift.move"
local support = require "support"
local system = require "moonshift.core.system"
local trackers = require "trackers"
local uv = require "luv"

-- Two names for one folder, one more through a link, and one of its own.
local CONFIG = [[
return {
  locations = {
    { name = "one", prefix = "%s/one", structure = "id", priority = 500 },
    { name = "same", prefix = "%s/one", structure = "id", priority = 500 },
    { name = "linked", prefix = "%s/linked", structure = "id", priority = 500 },
    { name = "other", prefix = "%s/other", structure = "id", priority = 500 },
  },
}
]]

for _, kind in ipairs(trackers.KINDS) do
  describe("moving over " .. kind, function()
    local tracker, folder, session, server, location
    local number = 0
    setup(function()
      tracker, folder = trackers.start(kind), support.folder()
      local root = folder.path
      support.write(root .. "/config.lua", CONFIG:format(root, root, root, root))
      support.write(root .. "/one/.keep", "")
      assert(uv.fs_symlink(root .. "/one", root .. "/linked"))
      system.set_environment("MOONSHIFT_CONFIG", root .. "/config.lua")
    end)
    teardown(function()
      system.set_environment("MOONSHIFT_CONFIG", nil)
      getmetatable(folder).__close(folder)
      tracker:close()
    end)
    local function test(name, body)
      it(name, function()
        local own <close> = tracker:session()
        session, location = own, {}
        server = own:query 'Location where name is "ftrack.server"':one()
        for _, place in ipairs { "one", "same", "linked", "other" } do
          location[place] = own:ensure("Location", { name = place }, { "name" })
        end
        body()
      end)
    end

    local function new_sequence()
      number = number + 1
      for i = 1, 3 do
        support.write(("%s/in-%d/f.%04d.exr"):format(folder.path, number, i), ("frame %d"):format(i))
      end
      return session:create_component(("%s/in-%d/f.%%04d.exr [1-3]"):format(folder.path, number), {}, server)
    end

    local function refuses(code, component, from, to)
      local ok, err = pcall(move.run, session, component, from, to)
      assert.is_false(ok)
      assert.equal(code, errors.code(err), errors.message(err))
      return errors.message(err)
    end

    local function check_there(component, place)
      assert.equal(100, place:get_component_availability(component))
      for i, member in ipairs(component.members) do
        assert.equal(("frame %d"):format(i), support.read(place:get_filesystem_path(member)))
      end
    end

    test("takes the data to where they were not", function()
      local component, last = new_sequence(), 0
      move.run(session, component, server, location.one, { progress = function(done) last = done end })
      check_there(component, location.one)
      assert.equal(0, server:get_component_availability(component))
      move.run(session, component, location.one, location.other)
      check_there(component, location.other)
      assert.equal(0, location.one:get_component_availability(component))
      if kind == "http" then assert.equal(component.size, last) end
    end)

    test("leaves what is in both where it is wanted", function()
      local component = new_sequence()
      location.one:add_component(component, server)
      move.run(session, component, server, location.one)
      check_there(component, location.one)
      server:add_component(component, location.one)
      move.run(session, component, location.one, server)
      local back <close> = support.folder()
      assert.equal("frame 2", support.read((session:download(component.members[2], back.path))))
      assert.equal(0, location.one:get_component_availability(component))
    end)

    test("wants two locations that hold data", function()
      local component = new_sequence()
      location.one:add_component(component, server)
      refuses("usage", component, location.one, location.one)
      refuses("usage", component, server, server)
      local unmanaged = session:query 'Location where name is "ftrack.unmanaged"':one()
      refuses("invalid", component, location.one, unmanaged)
      check_there(component, location.one)
      assert.equal(100, server:get_component_availability(component))
    end)

    test("knows a folder by another name", function()
      local component = new_sequence()
      location.one:add_component(component, server)
      for _, name in ipairs { "same", "linked" } do
        refuses("exists", component, location.one, location[name])
        location[name]:add_component(component, server) -- as one who does not know
        assert.matches("are one file", refuses("exists", component, location.one, location[name]), 1, true)
        check_there(component, location.one)
      end
    end)

    test("looks at what the tracker says is there", function()
      local component = new_sequence()
      location.other:add_component(component, server)
      local path = location.other:get_filesystem_path(component.members[2])
      assert(uv.fs_unlink(path))
      assert.matches("none there", refuses("invalid", component, server, location.other), 1, true)
      support.write(path, "cut")
      assert.matches("3 there", refuses("invalid", component, server, location.other), 1, true)
      assert.equal(100, server:get_component_availability(component))
      support.write(path, "frame 2")
      move.run(session, component, server, location.other)
      check_there(component, location.other)
    end)
  end)
end
