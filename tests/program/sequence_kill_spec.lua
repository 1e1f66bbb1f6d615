--- Whoever sends a sequence is killed at a moment that chance chooses; who sends it again goes on, the bytes are right,
--- and nothing is left over here. (A part's upload that began when its sender was killed, before anybody could remember
--- it, is the server's to sweep.) MOONSHIFT_LONG=1 for more of it.

local moonshift = require "moonshift"
local support = require "support"
local task = require "moonshift.task"
local uv = require "luv"

local KILLS = os.getenv "MOONSHIFT_LONG" and 50 or 8
local PART, FRAMES, SIZE = 256 * 1024, 24, 500 * 1000 -- every third frame goes in parts
local LONGEST_MS = 600
local SCRIPT = [[
local session <close> = require "moonshift".session { limit_rate = "30M" }
local first
local component = session:create_component(..., nil, nil, { progress = function(done)
  if not first then print("begun with " .. done) io.stdout:flush() end
  first = first or done
end })
print("sent " .. component.id)
]]

describe("an upload of a sequence", function()
  local folder, script, server, environment
  local generation = 0

  local function frame_path(i) return ("%s/plate/f.%04d.exr"):format(folder.path, i) end

  local function frame(i)
    local line = ("frame %04d of %d "):format(i, generation)
    return line:rep((i % 3 == 0 and 3 * SIZE or SIZE) // #line)
  end

  setup(function()
    folder = support.folder()
    script = support.write(folder.path .. "/upload.lua", SCRIPT)
    server = support.serve { data = folder.path .. "/data" }
    environment = {
      XDG_STATE_HOME = folder.path .. "/state", MOONSHIFT_PART_BYTES = tostring(PART), FTRACK_SERVER = server.url,
      FTRACK_API_USER = server.environment.FTRACK_API_USER, FTRACK_API_KEY = server.environment.FTRACK_API_KEY,
    }
  end)
  teardown(function()
    getmetatable(server).__close(server)
    getmetatable(folder).__close(folder)
  end)
  before_each(function()
    generation = generation + 1
    for i = 1, FRAMES do support.write(frame_path(i), frame(i)) end
  end)

  local function start()
    local sequence = ("%s/plate/f.%%04d.exr [1-%d]"):format(folder.path, FRAMES)
    return support.start { "run", script, sequence, environment = environment }
  end

  local function open_session()
    return moonshift.session {
      server_url = server.url, api_user = environment.FTRACK_API_USER, api_key = environment.FTRACK_API_KEY,
    }
  end

  local function sent_list()
    for _, name in ipairs(support.entries(folder.path .. "/state/moonshift/sequences")) do
      if name:find "%.sent$" then return support.read(folder.path .. "/state/moonshift/sequences/" .. name) end
    end
    return ""
  end

  local function check(id)
    local session <close> = open_session()
    local target <close> = support.folder()
    local component = session:get("SequenceComponent", id)
    assert.equal(FRAMES, #component.members)
    for _, member in ipairs(component.members) do
      local i = math.tointeger(tonumber(member.name))
      assert.is_true(support.read(frame_path(i)) == support.read((session:download(member, target.path))),
        "the bytes are others")
    end
    assert.same({}, support.entries(folder.path .. "/state/moonshift/sequences"))
    assert.same({}, support.entries(folder.path .. "/state/moonshift/transfers"))
  end

  -- Sends, is killed when some frames are there, and returns how many bytes these are.
  local function interrupt(least)
    local sender <close> = start()
    support.wait_until(function() return select(2, sent_list():gsub("\n", "")) >= least end)
    sender:kill "sigkill"
    sender:wait()
    local bytes = 0
    for name in sent_list():gmatch "(%d+)\t[^\n]*\n" do bytes = bytes + #frame(math.tointeger(tonumber(name))) end
    return bytes
  end

  it("is gone on with after its sender was killed", function()
    for _ = 1, KILLS do
      local first <close> = start()
      first:wait_for "begun"
      task.sleep(math.random(0, LONGEST_MS) / 1000)
      first:kill "sigkill"
      first:wait()
      local second <close> = start()
      second:wait()
      assert.same({ 0, "" }, { second.exit_code, second.stderr })
      check(second.stdout:match "sent (%S+)")
    end
  end)

  it("sends nothing twice but what has changed", function()
    local there = interrupt(6)
    local changed = math.tointeger(tonumber(sent_list():match "^(%d+)\t"))
    local before = uv.fs_stat(frame_path(changed))
    support.write(frame_path(changed), ("another frame "):rep(before.size):sub(1, before.size))
    local second <close> = start()
    second:wait()
    assert.same({ 0, "" }, { second.exit_code, second.stderr })
    assert.is_true(tonumber(second.stdout:match "begun with (%d+)") >= there - before.size)
    check(second.stdout:match "sent (%S+)")
  end)

  it("believes its own list as far as the server has the data", function()
    interrupt(6)
    local blobs = folder.path .. "/data/blobs"
    for _, name in ipairs(support.entries(blobs)) do
      for _, blob in ipairs(name:find "^%x%x$" and support.entries(blobs .. "/" .. name) or {}) do
        uv.fs_unlink(("%s/%s/%s"):format(blobs, name, blob))
      end
    end
    local second <close> = start()
    second:wait()
    assert.same({ 0, "" }, { second.exit_code, second.stderr })
    check(second.stdout:match "sent (%S+)")
  end)

  it("does not make a component twice", function()
    interrupt(2)
    local id
    for _, name in ipairs(support.entries(folder.path .. "/state/moonshift/sequences")) do
      id = name:match "^(.*)%.sent$" or id
    end
    local session <close> = open_session()
    session:create("SequenceComponent", { id = id, name = "made already" })
    session:commit()
    local second <close> = start()
    second:wait()
    assert.same({ 0, "" }, { second.exit_code, second.stderr })
    local other = second.stdout:match "sent (%S+)"
    assert.not_equal(id, other)
    assert.equal(FRAMES, #session:get("SequenceComponent", other).members)
    assert.same({}, support.entries(folder.path .. "/state/moonshift/sequences"))
  end)

  it("leaves nothing when a frame cannot be sent", function()
    local sender <close> = start()
    sender:wait_for "begun"
    assert(uv.fs_unlink(frame_path(FRAMES)))
    sender:wait()
    assert.equal(1, sender.exit_code)
    assert.matches("f.0024.exr': there is no such file", sender.stderr, 1, true)
    assert.same({}, support.entries(folder.path .. "/state/moonshift/sequences"))
  end)
end)
