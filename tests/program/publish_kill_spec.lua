--- What is left of a publish that did not come to its end: nothing that is in the way of the next one.

local cjson = require "cjson"
local publish = require "moonshift.publish"
local support = require "support"
local system = require "moonshift.core.system"
local trackers = require "trackers"
local uv = require "luv"

for _, kind in ipairs(trackers.KINDS) do
  describe("a publish over " .. kind .. " that does not come to its end", function()
    local tracker, folder, environment
    setup(function()
      tracker, folder = trackers.start(kind), support.folder()
      environment = tracker:environment()
      environment.XDG_STATE_HOME = folder.path .. "/state"
      environment.MOONSHIFT_CONFIG = support.write(folder.path .. "/config.lua",
        ('return { locations = { { name = "disk", prefix = "%s/projects", priority = 10 } } }'):format(folder.path))
      system.set_environment("XDG_STATE_HOME", environment.XDG_STATE_HOME)
      system.set_environment("MOONSHIFT_CONFIG", environment.MOONSHIFT_CONFIG)
      local session <close> = tracker:session()
      session:create("Project", {
        name = "show", full_name = "The Show", project_schema = session:query "ProjectSchema":first(),
      })
      session:commit()
      for i = 1, 3 do support.write(("%s/in/f.%d.exr"):format(folder.path, i), "frame " .. i) end
    end)
    teardown(function()
      system.set_environment("XDG_STATE_HOME", nil)
      system.set_environment("MOONSHIFT_CONFIG", nil)
      getmetatable(folder).__close(folder)
      tracker:close()
    end)

    local function in_folder(name) return folder.path .. "/in/" .. name end

    -- The second file goes while the first is sent.
    local function fail(session, asset)
      support.write(in_folder "first.txt", "as it was")
      support.write(in_folder "second.txt", "soon gone")
      return pcall(publish.run, session, {
        files = { in_folder "first.txt", in_folder "f.%d.exr [1-3]", in_folder "second.txt" },
        context = "show", asset = asset,
        progress = function(label)
          if label == "first.txt" then assert(uv.fs_unlink(in_folder "second.txt")) end
          return function() end
        end,
      })
    end

    it("leaves no data where one of its files fails", function()
      local session <close> = tracker:session()
      assert.is_false((fail(session, "plate")))
      assert.equal(0, #session:query 'AssetVersion where asset.name is "plate"')
      assert.equal(0, #session:query 'Asset where name is "plate"')
      assert.same({}, support.entries(folder.path .. "/projects"))
      assert.same({}, support.entries(folder.path .. "/state/moonshift/publishes"))
      support.write(in_folder "first.txt", "another")
      local version = publish.run(session, { files = { in_folder "first.txt" }, context = "show", asset = "plate" })
      assert.equal(1, version.version)
      assert.equal("another", support.read(folder.path .. "/projects/show/plate/v001/first.txt"))
    end)

    it("leaves what was made where it belongs", function()
      local session <close> = tracker:session()
      local place = folder.path .. "/projects/show/made/v001"
      for i = 1, 2 do support.write(("%s/plate.%d.exr"):format(place, i), "the only one " .. i) end
      support.write(in_folder "second.txt", "soon gone")
      local is_there = false
      local ok = pcall(publish.run, session, {
        files = { place .. "/plate.%d.exr [1-2]", in_folder "second.txt" }, context = "show", asset = "made",
        progress = function(label)
          if label == "second.txt" then
            is_there = #session:query 'ComponentLocation where resource_identifier like "show/made/v001/%"' == 3
            assert(uv.fs_unlink(in_folder "second.txt"))
          end
          return function() end
        end,
      })
      assert.same({ false, true }, { ok, is_there })
      for i = 1, 2 do assert.equal("the only one " .. i, support.read(("%s/plate.%d.exr"):format(place, i))) end
    end)

    it("leaves the versions of others", function()
      local session <close> = tracker:session()
      local other <close> = tracker:session()
      support.write(in_folder "first.txt", "as it was")
      local ok = pcall(publish.run, session, {
        files = { in_folder "first.txt" }, context = "show", asset = "shared",
        progress = function()
          publish.run(other, { files = { in_folder "f.1.exr" }, context = "show", asset = "shared" })
          error "no more"
        end,
      })
      assert.is_false(ok)
      local versions = other:query 'AssetVersion where asset.name is "shared"':all()
      assert.same({ 1, 2, true }, { #versions, versions[1].version, versions[1].is_published })
      assert.equal("frame 1", support.read(folder.path .. "/projects/show/shared/v002/f.1.exr"))
    end)

    it("makes one asset with others that begin at the same time", function()
      local processes = {}
      for i = 1, 4 do
        local file = support.write(in_folder(("at-once-%d.txt"):format(i)), "file " .. i)
        processes[i] = support.start {
          "publish", file, "--to", "show", "--asset", "at once", environment = environment,
        }
      end
      for _, process in ipairs(processes) do
        process:wait()
        assert.same({ 0, "" }, { process.exit_code, process.stderr })
      end
      local session <close> = tracker:session()
      assert.equal(1, #session:query 'Asset where name is "at once"')
      local numbers = {}
      for _, version in session:query 'AssetVersion where asset.name is "at once"':iterate() do
        numbers[#numbers + 1] = version.version
      end
      table.sort(numbers)
      assert.same({ 1, 2, 3, 4 }, numbers)
    end)

    it("makes another asset where one of that name was renamed", function()
      local session <close> = tracker:session()
      local other <close> = tracker:session()
      support.write(in_folder "first.txt", "as it was")
      local ids = {}
      for i = 1, 2 do
        local version = publish.run(i == 1 and session or other, {
          files = { in_folder "first.txt" }, context = "show", asset = "names",
        })
        version.asset.name = "renamed " .. i
        session:commit()
        other:commit()
        ids[i] = version.asset.id
        assert.equal(1, version.version)
        version.components[1].component_locations[1].location:remove_component(version.components[1])
      end
      assert.not_equal(ids[1], ids[2])
    end)

    it("is taken back by the next one when it was killed", function()
      local script = support.write(folder.path .. "/endless.lua", [[
        local moonshift = require "moonshift"
        local session <close> = moonshift.session()
        local count = 0
        require "moonshift.publish".run(session, {
          files = { ... }, context = "show", asset = "killed",
          progress = function()
            count = count + 1
            if count == 2 then print "one is there" io.stdout:flush() moonshift.sleep(1000) end
            return function() end
          end,
        })
      ]])
      support.write(in_folder "first.txt", "as it was")
      local process <close> = support.start {
        "run", script, in_folder "first.txt", in_folder "f.%d.exr [1-3]", environment = environment,
      }
      process:wait_for "one is there"
      local session <close> = tracker:session()
      local path = folder.path .. "/projects/show/killed/v001/first.txt"
      assert.equal("as it was", support.read(path))
      publish.run(session, { files = { in_folder "f.1.exr" }, context = "show", asset = "meanwhile" })
      assert.equal("as it was", support.read(path)) -- while it lives, nobody takes anything
      process:kill "sigkill"
      process:wait()
      support.write(in_folder "first.txt", "another")
      local version = publish.run(session, { files = { in_folder "first.txt" }, context = "show", asset = "killed" })
      assert.equal(1, version.version)
      assert.equal("another", support.read(path))
      assert.equal(1, #session:query 'AssetVersion where asset.name is "killed"')
      assert.same({}, support.entries(folder.path .. "/state/moonshift/publishes"))
    end)

    it("is not taken back on another machine", function()
      local session <close> = tracker:session()
      local name = "00000000-0000-4000-8000-000000000001"
      local path = support.write(("%s/state/moonshift/publishes/%s.json"):format(folder.path, name), cjson.encode {
        tracker = session.name, user = session.api_user, host = "elsewhere", version_id = name, asset_id = name,
        is_new = true, folders = { "/nowhere" },
      })
      support.write(in_folder "first.txt", "elsewhere")
      publish.run(session, { files = { in_folder "first.txt" }, context = "show", asset = "elsewhere" })
      assert.is_truthy(uv.fs_lstat(path))
      assert(uv.fs_unlink(path))
    end)

    it("is published when only the answer was missed", function()
      local session <close> = tracker:session()
      support.write(in_folder "first.txt", "there")
      local version = publish.run(session, { files = { in_folder "first.txt" }, context = "show", asset = "answered" })
      local record = { version_id = version.id, asset_id = version.asset.id, is_new = true, folders = {} }
      require "moonshift.unfinished".take_back(session, record)
      assert.equal(1, #session:query 'AssetVersion where asset.name is "answered"')
      assert.equal("there", support.read(folder.path .. "/projects/show/answered/v001/first.txt"))
    end)
  end)
end

it("a state folder that cannot be used keeps nobody from publishing", function()
  local folder <close> = support.folder()
  local tracker <close> = trackers.start "embedded"
  local session <close> = tracker:session()
  session:create("Project", { name = "show", full_name = "S", project_schema = session:query "ProjectSchema":first() })
  session:commit()
  system.set_environment("XDG_STATE_HOME", support.write(folder.path .. "/no-folder", ""))
  local _ <close> = setmetatable({}, { __close = function() system.set_environment("XDG_STATE_HOME", nil) end })
  local file = support.write(folder.path .. "/a.txt", "a")
  assert.equal(1, publish.run(session, { files = { file }, context = "show", asset = "a" }).version)
end)
