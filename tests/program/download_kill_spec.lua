--- Either side of a download in parts is killed at a moment that chance chooses; afterwards it is gone on with, the
--- bytes are right, and nothing is left over. MOONSHIFT_LONG=1 for more of it.

local moonshift = require "moonshift"
local support = require "support"
local task = require "moonshift.task"

local KILLS = os.getenv "MOONSHIFT_LONG" and 50 or 4
local PART, SIZE = 256 * 1024, 24 * 1024 * 1024 + 4321
local RATE = "60M" -- so that it takes long enough to be killed in the middle of it
local LONGEST_MS = 500
local SCRIPT = [[
local session <close> = require "moonshift".session { limit_rate = arg[3] }
local id, target = ...
local component = session:get("Component", id)
io.write "begun\n"
io.flush()
session:download(component, target)
]]

local function content()
  local lines = {}
  for i = 1, SIZE // 512 + 1 do lines[i] = ("%08d %.9f "):format(i, math.random()) .. ("-"):rep(491) .. "\n" end
  return table.concat(lines):sub(1, SIZE)
end

describe("a download in parts", function()
  local folder, script, data, server, environment, id
  local function serve(listen)
    server = support.serve { data = folder.path .. "/data", listen = listen }
    environment = environment or {
      XDG_STATE_HOME = folder.path .. "/state", MOONSHIFT_PART_BYTES = tostring(PART),
      FTRACK_API_USER = server.environment.FTRACK_API_USER, FTRACK_API_KEY = server.environment.FTRACK_API_KEY,
    }
    environment.FTRACK_SERVER = server.url
  end
  local function serving()
    serve()
    return setmetatable({}, { __close = function() getmetatable(server).__close(server) end })
  end

  setup(function()
    folder = support.folder()
    script = support.write(folder.path .. "/download.lua", SCRIPT)
    data = content()
    local _ <close> = serving()
    local session <close> = moonshift.session {
      server_url = server.url, api_user = environment.FTRACK_API_USER, api_key = environment.FTRACK_API_KEY,
    }
    id = session:create_component(support.write(folder.path .. "/plate.exr", data)).id
  end)
  teardown(function() getmetatable(folder).__close(folder) end)

  local function start(target)
    return support.start { "run", script, id, target, RATE, environment = environment }
  end

  local function check(target)
    assert.same({ "plate.exr" }, support.entries(target))
    assert.is_true(data == support.read(target .. "/plate.exr"), "the bytes are others")
  end

  -- Whoever was killed after the last byte had the file already.
  local function finish(target)
    if support.entries(target)[1] == "plate.exr" then return end
    local second <close> = start(target)
    second:wait()
    assert.same({ 0, "" }, { second.exit_code, second.stderr })
  end

  it("is gone on with after its receiver was killed", function()
    local _ <close> = serving()
    for _ = 1, KILLS do
      local target <close> = support.folder()
      local first <close> = start(target.path)
      first:wait_for "begun"
      task.sleep(math.random(0, LONGEST_MS) / 1000)
      first:kill "sigkill"
      first:wait()
      finish(target.path)
      check(target.path)
    end
  end)

  it("goes on when the server is killed and comes back", function()
    local _ <close> = serving()
    for _ = 1, KILLS do
      local target <close> = support.folder()
      local receiver <close> = start(target.path)
      receiver:wait_for "begun"
      task.sleep(math.random(0, LONGEST_MS) / 1000)
      server:kill "sigkill"
      server:wait()
      task.sleep(0.1)
      serve(server.url:match "//(.*)$")
      receiver:wait()
      if receiver.exit_code ~= 0 then
        assert.matches("cannot reach", receiver.stderr)
        finish(target.path)
      end
      check(target.path)
    end
  end)
end)
