-- Where a session's options come from.

local support = require "support"

-- What a session of a program with this environment is on, or the error's text.
local function on(environment, script)
  local all = {
    FTRACK_SERVER = false, FTRACK_API_USER = false, FTRACK_API_KEY = false, FTRACK_APIKEY = false,
    MOONSHIFT_CONFIG = false, MOONSHIFT_DATA = false,
  }
  for name, value in pairs(environment) do all[name] = value end
  local result = support.run { "run", script, environment = all }
  return result.stdout .. result.stderr
end

describe("settings", function()
  local folder, script
  before_each(function()
    folder = support.folder()
    script = support.write(folder.path .. "/script.lua", [[
      local moonshift = require "moonshift"
      local ok, result = pcall(moonshift.session, { timeout = 2 })
      print(ok and result.name or result.code .. ": " .. result.message)
    ]])
  end)
  after_each(function() getmetatable(folder).__close(folder) end)

  local function environment(more)
    local all = { XDG_CONFIG_HOME = folder.path .. "/config", XDG_DATA_HOME = folder.path .. "/data" }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  it("end in the embedded server", function()
    assert.equal("embedded:" .. folder.path .. "/data/moonshift\n", on(environment(), script))
    assert.equal("embedded:" .. folder.path .. "/elsewhere\n",
      on(environment { MOONSHIFT_DATA = folder.path .. "/elsewhere" }, script))
  end)

  it("refuse half a configuration and name what is missing", function()
    assert.truthy(on(environment { FTRACK_SERVER = "http://127.0.0.1:9", FTRACK_API_USER = "ada" }, script)
      :find "^usage: FTRACK_API_KEY is not set")
    assert.truthy(on(environment { FTRACK_SERVER = "http://127.0.0.1:9", FTRACK_API_KEY = "k" }, script)
      :find "^usage: FTRACK_API_USER is not set")
    assert.truthy(on(environment { FTRACK_API_KEY = "k" }, script):find "FTRACK_SERVER is not")
  end)

  it("read keys from files and never show them", function()
    local key = support.write(folder.path .. "/key", "secret-key\n")
    local out = on(environment {
      FTRACK_SERVER = "http://127.0.0.1:9", FTRACK_API_USER = "ada", FTRACK_API_KEY = "file:" .. key,
    }, script)
    assert.truthy(out:find "^network: ")
    assert.is_nil(out:find "secret")
    assert.truthy(on(environment {
      FTRACK_SERVER = "http://127.0.0.1:9", FTRACK_API_USER = "ada", FTRACK_API_KEY = "file:/nowhere",
    }, script):find "^not_found: FTRACK_API_KEY: .*/nowhere")
  end)

  it("come from config.lua, which is checked", function()
    local path = folder.path .. "/config/moonshift/config.lua"
    support.write(path, 'return { data = "' .. folder.path .. '/configured" }')
    assert.equal("embedded:" .. folder.path .. "/configured\n", on(environment(), script))
    support.write(path, 'return { server_url = "http://127.0.0.1:9", api_user = "ada", api_key = "k" }')
    assert.truthy(on(environment(), script):find "^network: ")
    assert.truthy(on(environment { FTRACK_SERVER = "http://127.0.0.1:10" }, script):find "^usage: FTRACK_API_USER")
    support.write(path, 'return { server_ulr = "x" }')
    assert.truthy(on(environment(), script):find "did you mean 'server_url'")
    support.write(path, 'return { timeout = true }')
    assert.truthy(on(environment(), script):find "'timeout' cannot be a boolean")
    support.write(path, 'return os.getenv "HOME"')
    assert.truthy(on(environment(), script):find "^parse: ")
    support.write(path, "return {")
    assert.truthy(on(environment(), script):find "^parse: .*config.lua")
    assert.truthy(on(environment { MOONSHIFT_CONFIG = "/nowhere.lua" }, script):find "^not_found: MOONSHIFT_CONFIG")
  end)
end)
