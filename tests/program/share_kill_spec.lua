--- The server is killed at a moment that chance chooses, while components of the same bytes come in and go: what it
--- knows of afterwards is whole, and nothing is left over. MOONSHIFT_LONG=1 for more of it.

local moonshift = require "moonshift"
local support = require "support"
local task = require "moonshift.task"
local uv = require "luv"

local KILLS = os.getenv "MOONSHIFT_LONG" and 50 or 5
local SIZE, LONGEST_MS = 3 * 1024 * 1024, 500
local SCRIPT = [[
local session <close> = require "moonshift".session()
while true do
  local first = session:create_component(...)
  session:create_component(...)
  print "both are there" io.stdout:flush()
  session:delete(first)
  session:commit()
end
]]

describe("a server with components of the same bytes", function()
  local folder, script, file, data
  setup(function()
    folder = support.folder()
    script = support.write(folder.path .. "/upload.lua", SCRIPT)
    data = ("fifteen bytes, "):rep(SIZE // 15)
    file = support.write(folder.path .. "/plate.exr", data)
  end)
  teardown(function() getmetatable(folder).__close(folder) end)

  local function blobs(inner)
    return folder.path .. "/data/blobs/" .. inner
  end

  local function each_entry(path, f)
    local scan = uv.fs_scandir(path)
    if not scan then return end
    for name in uv.fs_scandir_next, scan do f(name, uv.fs_lstat(path .. "/" .. name)) end
  end

  -- Every name that stands for shared bytes has a blob.
  local function check_names()
    each_entry(blobs ".incoming", function(name) error("left over: " .. name) end)
    each_entry(blobs ".shared", function(name, info) assert.is_true(info.nlink > 1, name .. " is of no blob") end)
  end

  local function check_bytes(server)
    local session <close> = moonshift.session {
      server_url = server.url, api_user = server.environment.FTRACK_API_USER,
      api_key = server.environment.FTRACK_API_KEY,
    }
    local rows = session:query 'select id, name, file_type from FileComponent where component_locations any ()':all()
    local target <close> = support.folder()
    for i = math.max(1, #rows - 3), #rows do
      assert.is_true(data == support.read((session:download(rows[i], target.path))), "the bytes are others")
    end
    return #rows
  end

  it("can be killed", function()
    local environment, seen
    for round = 0, KILLS do
      local server <close> = support.serve { data = folder.path .. "/data" }
      environment = environment or server.environment
      server.environment.FTRACK_API_USER, server.environment.FTRACK_API_KEY =
        environment.FTRACK_API_USER, environment.FTRACK_API_KEY
      check_names()
      seen = check_bytes(server)
      if round < KILLS then
        server.environment.XDG_STATE_HOME = folder.path .. "/state"
        local client <close> = support.start { "run", script, file, environment = server.environment }
        client:wait_for "both are there"
        task.sleep(math.random(0, LONGEST_MS) / 1000)
        server:kill "sigkill"
        server:wait()
        client:kill "sigkill"
        client:wait()
      end
    end
    assert.is_true(seen > 0)
  end)
end)
