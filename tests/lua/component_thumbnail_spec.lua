--- Thumbnails: small pictures of what is on the server, a placeholder for the rest.

local core = require "moonshift.core.component"
local support = require "support"
local system = require "moonshift.core.system"
local trackers = require "trackers"

-- A picture of 400 × 200 grey pixels.
local PICTURE = "P5\n400 200\n255\n" .. ("\x80"):rep(400 * 200)

local function is_installed(program)
  return os.execute(("command -v %s > /dev/null"):format(program)) == true
end

describe("a thumbnail", function()
  local tracker, folder
  setup(function()
    folder = support.folder()
    system.set_environment("XDG_CACHE_HOME", folder.path .. "/cache")
    tracker = trackers.start "http"
  end)
  teardown(function()
    tracker:close()
    system.set_environment("XDG_CACHE_HOME", nil)
    getmetatable(folder).__close(folder)
  end)

  local function fetch(session, id, size)
    local path = folder.path .. "/fetched"
    core.download {
      session = session, path = path, sends_key = true,
      url = ("%s/component/thumbnail?id=%s&size=%d"):format(session.name, id, size),
    }
    return support.read(path)
  end

  it("of a picture is a small JPEG, kept for the next time", function()
    if not is_installed "convert" then return pending "ImageMagick is not installed" end
    local session <close> = tracker:session()
    local component = session:create_component(support.write(folder.path .. "/a.ppm", PICTURE))
    local first = fetch(session, component.id, 64)
    assert.equal("\xff\xd8\xff", first:sub(1, 3))
    assert.is_true(#first < 5000)
    assert.equal(first, fetch(session, component.id, 50))
  end)

  it("of anything else, and of what is broken, is a placeholder", function()
    local session <close> = tracker:session()
    local files = { ["a.txt"] = "text", ["broken.tif"] = "no picture", ["bomb.ppm"] = "P5\n999999 999999\n255\n" }
    for name, data in pairs(files) do
      local component = session:create_component(support.write(folder.path .. "/" .. name, data))
      assert.matches("<svg", fetch(session, component.id, 64), 1, true)
    end
    assert.matches("<svg", fetch(session, "no-such-component", 64), 1, true)
  end)
end)
