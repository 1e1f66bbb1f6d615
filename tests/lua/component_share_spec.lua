--- Components of the same bytes on the server: one file for all of them, and each its own all the same.

local core = require "moonshift.core.component"
local support = require "support"
local trackers = require "trackers"
local uv = require "luv"

local PART = 64 * 1024
local AT_ONCE, IN_PARTS = 100 * 1024, 5 * PART + 17

describe("the same bytes on the server", function()
  local tracker, folder
  setup(function() tracker, folder = trackers.start_for_parts(PART) end)
  teardown(function() trackers.end_parts(tracker, folder) end)

  local function blob(component)
    return assert(uv.fs_lstat(("%s/blobs/%s/%s"):format(tracker.folder.path, component.id:sub(1, 2), component.id)))
  end

  local function shared()
    return support.entries(tracker.folder.path .. "/blobs/.shared")
  end

  local function url_of(session, component)
    local url = session:query(('select url from ComponentLocation where component_id is "%s"')
      :format(component.id)):one().url
    return url.url or url.value
  end

  local function content_of(session, component)
    local path = folder.path .. "/back"
    local _, moved = core.download { session = session, url = url_of(session, component), path = path }
    return support.read(path), moved
  end

  for how, size in pairs { ["sent at once"] = AT_ONCE, ["sent in parts"] = IN_PARTS } do
    it(how .. " are kept once", function()
      local session <close> = tracker:session()
      local data = ("0123456789abcdef"):rep(size // 16 + 1):sub(1, size)
      local path = support.write(folder.path .. "/frame.exr", data)
      local components = {}
      for i = 1, 3 do components[i] = session:create_component(path, { name = "frame-" .. i }) end
      local _, first = content_of(session, components[1])
      if not first.checksum then return pending "this file system keeps no checksums" end
      support.wait_until(function()
        return blob(components[1]).ino == blob(components[2]).ino and blob(components[1]).ino == blob(components[3]).ino
      end)
      assert.equal(1, #shared())
      for _, component in ipairs(components) do
        local back, moved = content_of(session, component)
        assert.is_true(back == data)
        assert.equal(first.etag, moved.etag)
      end
      session:delete(components[1])
      session:commit()
      assert.is_true(content_of(session, components[2]) == data)
      session:query 'Location where name is "ftrack.server"':one():remove_component(components[2])
      assert.is_true(content_of(session, components[3]) == data)
      assert.equal(1, #shared())
      session:delete(components[3])
      session:commit()
      assert.same({}, shared())
    end)
  end
end)
