--- Either side of an upload in parts is killed at a moment that chance chooses; afterwards it is gone on with, the
--- bytes are right, and nothing is left over. MOONSHIFT_LONG=1 for more of it.

local moonshift = require "moonshift"
local support = require "support"
local task = require "moonshift.task"

local KILLS = os.getenv "MOONSHIFT_LONG" and 50 or 10
local PART, SIZE = 256 * 1024, 24 * 1024 * 1024 + 4321
local LONGEST_MS = 600
local SCRIPT = [[
local session <close> = require "moonshift".session()
local has_begun = false
local component = session:create_component(..., nil, nil, { progress = function()
  if not has_begun then print "begun" io.stdout:flush() end
  has_begun = true
end })
print("sent " .. component.id)
]]

local function content()
  local lines = {}
  for i = 1, SIZE // 512 + 1 do lines[i] = ("%08d %.9f "):format(i, math.random()) .. ("-"):rep(491) .. "\n" end
  return table.concat(lines):sub(1, SIZE)
end

describe("an upload in parts", function()
  local folder, script, file, data
  setup(function()
    folder = support.folder()
    script = support.write(folder.path .. "/upload.lua", SCRIPT)
    data = content()
    file = support.write(folder.path .. "/plate.exr", data)
  end)
  teardown(function() getmetatable(folder).__close(folder) end)

  -- A server that can be killed and comes back at the same address.
  local server, environment
  local function serve(listen)
    server = support.serve { data = folder.path .. "/data", listen = listen }
    environment = environment or {
      XDG_STATE_HOME = folder.path .. "/state", MOONSHIFT_PART_BYTES = tostring(PART),
      FTRACK_API_USER = server.environment.FTRACK_API_USER, FTRACK_API_KEY = server.environment.FTRACK_API_KEY,
    }
    environment.FTRACK_SERVER = server.url
  end
  local function serving()
    serve(support.own_address() .. ":0")
    return setmetatable({}, { __close = function() getmetatable(server).__close(server) end })
  end

  local function start()
    return support.start { "run", script, file, environment = environment }
  end

  -- What a sender has sent. Where the server takes seconds to come back, the sender may have given up behind the
  -- last part; then another one goes on.
  local function component_of(sender)
    sender:wait()
    if sender.exit_code == 0 then return sender.stdout:match "sent (%S+)" end
    assert.matches("cannot reach", sender.stderr)
    local other <close> = start()
    other:wait()
    assert.same({ 0, "" }, { other.exit_code, other.stderr })
    return other.stdout:match "sent (%S+)"
  end

  local function check(id)
    local session <close> = moonshift.session {
      server_url = server.url, api_user = environment.FTRACK_API_USER, api_key = environment.FTRACK_API_KEY,
    }
    local target <close> = support.folder()
    local path = session:download(session:get("Component", id), target.path)
    assert.is_true(data == support.read(path), "the bytes are others")
    assert.same({ "plate.exr" }, support.entries(target.path))
    assert.same({}, support.entries(folder.path .. "/data/blobs/.incoming"))
    assert.same({}, support.entries(folder.path .. "/state/moonshift/transfers"))
  end

  it("is gone on with after its sender was killed", function()
    local _ <close> = serving()
    for _ = 1, KILLS do
      local first <close> = start()
      first:wait_for "begun" -- before, the server may have heard of an upload that nobody remembers
      task.sleep(math.random(0, LONGEST_MS) / 1000)
      first:kill "sigkill"
      first:wait()
      local second <close> = start()
      second:wait()
      assert.same({ 0, "" }, { second.exit_code, second.stderr })
      check(second.stdout:match "sent (%S+)")
    end
  end)

  it("goes on when the server is killed and comes back", function()
    local _ <close> = serving()
    for _ = 1, KILLS do
      local sender <close> = start()
      sender:wait_for "begun"
      task.sleep(math.random(0, LONGEST_MS) / 1000)
      server:kill "sigkill"
      server:wait()
      task.sleep(0.1)
      serve(server.url:match "//(.*)$")
      check(component_of(sender))
    end
  end)
end)
