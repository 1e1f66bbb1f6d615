--- Thumbnails: small pictures of what is on the server, a placeholder for the rest.

local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local support = require "support"
local system = require "moonshift.core.system"
local task = require "moonshift.task"
local trackers = require "trackers"

-- A picture of 400 × 200 grey pixels.
local PICTURE = "P5\n400 200\n255\n" .. ("\x80"):rep(400 * 200)
local JPEG = "\xff\xd8\xff"

local function is_installed(program)
  return os.execute(("command -v %s > /dev/null"):format(program)) == true
end

local function fetch(session, folder, id, arguments)
  local path = ("%s/fetched-%s"):format(folder.path, id)
  core.download {
    session = session, path = path, sends_key = true,
    url = ("%s/component/thumbnail?id=%s&%s"):format(session.name, id, arguments),
  }
  return support.read(path)
end

-- The picture that real programs make. They have a few seconds for it: where that was not enough, the server forgets
-- what it noted, and tries again.
local function picture(session, folder, id, arguments)
  local data
  support.wait_until(function()
    data = fetch(session, folder, id, arguments)
    if data:sub(1, 3) == JPEG then return true end
    assert(os.execute(("rm -rf '%s/cache'"):format(folder.path)))
  end)
  return data
end

-- A tracker with a cache of its own and, where given, another PATH.
local function start(path)
  local folder = support.folder()
  local before = os.getenv "PATH"
  system.set_environment("XDG_CACHE_HOME", folder.path .. "/cache")
  if path then system.set_environment("PATH", path(folder)) end
  return setmetatable({ tracker = trackers.start "http", folder = folder }, { __close = function(self)
    self.tracker:close()
    system.set_environment("XDG_CACHE_HOME", nil)
    system.set_environment("PATH", before)
    getmetatable(folder).__close(folder)
  end })
end

describe("a thumbnail", function()
  local place, folder
  setup(function()
    place = start()
    folder = place.folder
  end)
  teardown(function() getmetatable(place).__close(place) end)

  it("of a picture is a small JPEG, kept for the next time", function()
    if not is_installed "convert" then return pending "ImageMagick is not installed" end
    local session <close> = place.tracker:session()
    local component = session:create_component(support.write(folder.path .. "/a.ppm", PICTURE))
    local first = picture(session, folder, component.id, "size=64")
    assert.is_true(#first < 5000)
    assert.equal(first, fetch(session, folder, component.id, "size=70"))
  end)

  it("of films and of what productions render", function()
    if not is_installed "ffmpeg" then return pending "ffmpeg is not installed" end
    local session <close> = place.tracker:session()
    for _, name in ipairs { "a.mov", "a.mkv", "a.exr", "a.dpx", "a.tif" } do
      local path = folder.path .. "/" .. name
      local made = support.run {
        program = "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x180:duration=0.2", "-frames:v",
        name:find "%.m" and "4" or "1", path,
      }
      assert.same({ 0, "" }, { made.exit_code, made.stderr })
      local component = session:create_component(path)
      picture(session, folder, component.id, "size=100")
    end
  end)

  it("of anything else, and of what is broken, is a placeholder, or nothing where that is wanted", function()
    local session <close> = place.tracker:session()
    local files = {
      ["a.txt"] = "text", ["broken.tif"] = "no picture", ["bomb.ppm"] = "P5\n999999 999999\n255\n",
      ["a.svg"] = '<svg xmlns="http://www.w3.org/2000/svg"><image href="msl:/etc/passwd"/></svg>',
      ["list.mkv"] = "ffconcat version 1.0\nfile a.ppm\n",
    }
    for name, data in pairs(files) do
      local component = session:create_component(support.write(folder.path .. "/" .. name, data))
      assert.matches("<svg", fetch(session, folder, component.id, "size=64"), 1, true)
      local ok, err = pcall(fetch, session, folder, component.id, "size=64&placeholder=no")
      assert.is_false(ok)
      assert.equal("not_found", errors.code(err))
    end
    assert.matches("<svg", fetch(session, folder, "no-such-component", "size=64"), 1, true)
  end)
end)

-- Programs that write down what they are asked for, and answer from a file of their name.
local PROGRAM = [[
#!/bin/sh
echo "$0 $*" >> %s/calls
echo begin >> %s/busy
sleep 0.1
head -c 3 /dev/fd/0 > /dev/null || exit 1
echo end >> %s/busy
exec cat %s/$(basename "$0").answer
]]

describe("the programs that make thumbnails", function()
  local place, folder
  setup(function()
    place = start(function(into)
      for _, name in ipairs { "convert", "ffmpeg" } do
        local path = support.write(into.path .. "/bin/" .. name, (PROGRAM:gsub("%%s", into.path)))
        os.execute(("chmod +x '%s'"):format(path))
      end
      return into.path .. "/bin:" .. os.getenv "PATH"
    end)
    folder = place.folder
  end)
  teardown(function() getmetatable(place).__close(place) end)
  before_each(function()
    for _, name in ipairs { "calls", "busy", "convert.answer", "ffmpeg.answer" } do
      os.remove(folder.path .. "/" .. name)
    end
  end)

  local number = 0
  local function upload(session, name)
    number = number + 1
    return session:create_component(support.write(folder.path .. "/" .. name, "bytes " .. number))
  end

  local function count(file, text)
    local handle <close> = io.open(folder.path .. "/" .. file)
    local _, found = (handle and handle:read "a" or ""):gsub(text, "")
    return found
  end

  it("are told the format, and never a path", function()
    local session <close> = place.tracker:session()
    support.write(folder.path .. "/convert.answer", "made")
    local component = upload(session, "a [1] %d.tif")
    assert.equal("made", fetch(session, folder, component.id, "size=90"))
    local calls = support.read(folder.path .. "/calls")
    assert.matches("tiff:/dev/fd/0[0]", calls, 1, true)
    assert.matches("-thumbnail 80x80>", calls, 1, true)
    assert.is_nil(calls:find(component.id, 1, true))
  end)

  it("are shown the frame in the middle of a sequence", function()
    local session <close> = place.tracker:session()
    support.write(folder.path .. "/convert.answer", "made")
    for i = 1, 3 do support.write(("%s/seq/f.%04d.tga"):format(folder.path, i), "frame " .. i) end
    local sequence = session:create_component(folder.path .. "/seq/f.%04d.tga [1-3]")
    assert.equal("made", fetch(session, folder, sequence.id, "size=64"))
    support.write(folder.path .. "/convert.answer", "not made again")
    assert.equal("made", fetch(session, folder, sequence.members[2].id, "size=64"))
  end)

  it("stand in for one another", function()
    local session <close> = place.tracker:session()
    support.write(folder.path .. "/ffmpeg.answer", "made by the other")
    assert.equal("made by the other", fetch(session, folder, upload(session, "a.dpx").id, "size=64"))
    assert.same({ 1, 1 }, { count("calls", "convert %-limit"), count("calls", "ffmpeg %-nostdin") })
  end)

  it("are not asked again for what they could not read, nor for hostile formats", function()
    local session <close> = place.tracker:session()
    local broken = upload(session, "broken.png")
    for _ = 1, 3 do
      assert.matches("<svg", fetch(session, folder, broken.id, "size=64"), 1, true)
    end
    assert.equal(2, count("calls", "\n"))
    for _, name in ipairs { "a.svg", "a.mvg", "a.pdf", "a.ps", "a" } do
      assert.matches("<svg", fetch(session, folder, upload(session, name).id, "size=64"), 1, true)
    end
    assert.equal(2, count("calls", "\n"))
  end)

  it("are few at a time, and the others wait", function()
    local session <close> = place.tracker:session()
    support.write(folder.path .. "/convert.answer", "made")
    local components = {}
    for i = 1, 10 do components[i] = upload(session, i .. ".png") end
    task.parallel(components, { limit = 10 }, function(component)
      assert.equal("made", fetch(session, folder, component.id, "size=64"))
    end)
    assert.equal(10, count("calls", "\n"))
    local busy, most = 0, 0
    for word in support.read(folder.path .. "/busy"):gmatch "%a+" do
      busy = busy + (word == "begin" and 1 or -1)
      most = math.max(most, busy)
    end
    assert.is_true(most <= 2)
  end)
end)
