-- The verbs that help while writing scripts: types, new, doctor.

local support = require "support"
local trackers = require "trackers"

describe("verbs for authors", function()
  local tracker
  setup(function() tracker = trackers.start "embedded" end)
  teardown(function() tracker:close() end)

  local function run(...)
    local options = { ... }
    options.environment, options.cwd = tracker:environment(), tracker.folder.path
    return support.run(options)
  end

  it("types writes classes that Lua can read", function()
    do
      local session <close> = tracker:session()
      session:create("CustomAttributeConfiguration", {
        key = "fstart", label = "First frame", entity_type = "task", config = '{"isdecimal":false}',
        type = session:query('CustomAttributeType where name is "number"'):one(),
        object_type = session:query('ObjectType where name is "Shot"'):one(),
      })
      session:commit()
    end
    local path = tracker.folder.path .. "/types.lua"
    local result = run("types", "-o", path)
    assert.equal(0, result.exit_code)
    local text = support.read(path)
    assert.is_function(load(text))
    assert.truthy(text:find('---@field status "queued"|"running"|"done"|"failed"', 1, true))
    assert.truthy(text:find("---@class moonshift.entity.Task : moonshift.entity.TypedContext", 1, true))
    assert.truthy(text:find("---@class moonshift.custom_attributes.Shot\n", 1, true))
    assert.truthy(text:find("---@field fstart number?", 1, true))
    assert.truthy(text:find("---@field custom_attributes moonshift.custom_attributes.Shot", 1, true))
    assert.equal(1, run("types", "-o", "/nowhere/types.lua").exit_code)
    assert.equal(2, run("types", "extra").exit_code)
  end)

  it("new writes a script that runs, and nothing over what exists", function()
    local result = run("new", "nightly")
    assert.equal("wrote nightly.lua and .luarc.json\n", result.stdout)
    assert.equal(0, run("run", "nightly.lua").exit_code)
    local again = run("new", "nightly.lua")
    assert.equal(1, again.exit_code)
    assert.truthy(again.stderr:find "exists already")
    assert.equal(2, run("new").exit_code)
    assert.equal(2, run("new", "not a name").exit_code)
    local settings = require "cjson".decode(support.read(tracker.folder.path .. "/.luarc.json"))
    assert.equal("Lua 5.4", settings["runtime.version"])
  end)

  it("doctor finds what is wrong", function()
    local fine = run "doctor"
    assert.equal(0, fine.exit_code)
    assert.truthy(fine.stdout:find "ok +clock +agrees")
    local environment = tracker:environment()
    environment.FTRACK_SERVER, environment.FTRACK_API_USER, environment.FTRACK_API_KEY =
      "http://127.0.0.1:9", "ada", "secret"
    local wrong = support.run { "doctor", environment = environment }
    assert.equal(1, wrong.exit_code)
    assert.truthy(wrong.stdout:find "WRONG +tracker +")
    assert.is_nil(wrong.stdout:find "secret")
  end)

  it("doctor finds folders that cannot be made", function()
    local environment = tracker:environment()
    local file = support.write(tracker.folder.path .. "/file", "")
    environment.MOONSHIFT_DATA, environment.XDG_STATE_HOME = file .. "/data", file
    local wrong = support.run { "doctor", environment = environment }
    assert.equal(1, wrong.exit_code)
    for kind, path in pairs { state = file .. "/moonshift", data = file .. "/data" } do
      local line = ("WRONG  %-14s %s cannot be made, because %s is no folder"):format(kind, path, file)
      assert.truthy(wrong.stdout:find(line, 1, true), wrong.stdout)
    end
  end)

  it("doctor tells a wrong key from a wrong address", function()
    local server <close> = trackers.start "http"
    local environment = server:environment()
    local url, key = environment.FTRACK_SERVER, environment.FTRACK_API_KEY
    environment.FTRACK_API_KEY = "wrong"
    local wrong_key = support.run { "doctor", environment = environment }
    assert.equal(1, wrong_key.exit_code)
    assert.truthy(wrong_key.stdout:find "WRONG +tracker .* check FTRACK_API_USER and FTRACK_API_KEY")
    environment.FTRACK_SERVER, environment.FTRACK_API_KEY = url .. "/api", key
    local wrong_path = support.run { "doctor", environment = environment }
    assert.equal(1, wrong_path.exit_code)
    assert.truthy(wrong_path.stdout:find(url .. "/api is not where a tracker's URL begins", 1, true))
  end)

  it("doctor compares the clocks", function()
    local answers = {
      '[{"version":"dev","schema_hash":""}]',
      '[[{"id":"User","type":"object","primary_key":["id"],"properties":{"id":{"type":"string"},'
        .. '"username":{"type":"string"},"is_active":{"type":"boolean"}}}]]',
      '[{"action":"query","data":[{"__entity_type__":"User","id":"u","username":"ada","is_active":true}]}]',
      '[{"url":"http://127.0.0.1/put?X-Amz-Date=20200101T000000Z","headers":{}}]',
    }
    for i, answer in ipairs(answers) do answers[i] = ("%q"):format(answer) end
    local path = tracker.folder.path .. "/answers.lua"
    support.write(path, "return {" .. table.concat(answers, ",") .. "}")
    local server <close> = support.start { "run", "tests/lua/canned_server.lua", path }
    local environment = tracker:environment()
    environment.FTRACK_SERVER = "http://127.0.0.1:" .. server:wait_for "listening on (%d+)"
    environment.FTRACK_API_USER, environment.FTRACK_API_KEY = "ada", "key"
    local result = support.run { "doctor", environment = environment }
    assert.equal(1, result.exit_code)
    assert.truthy(result.stdout:find "WRONG  clock +%d+ s ahead of the server's: set it", result.stdout)
  end)

  it("types says why a file cannot be written", function()
    local result = run("types", "-o", "/nowhere/types.lua")
    assert.equal(1, result.exit_code)
    assert.truthy(result.stderr:find("/nowhere/types.lua: No such file or directory", 1, true))
  end)
end)
