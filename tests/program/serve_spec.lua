local moonshift = require "moonshift"
local support = require "support"
local system = require "moonshift.core.system"
local uv = require "luv"

describe("moonshift serve", function()
  it("makes a user and a key on its first start, and shows the key this once", function()
    local folder <close> = support.folder()
    local server <close> = support.serve { data = folder.path .. "/data" }
    assert.matches("^http://127%.0%.0%.1:%d+$", server.url)
    assert.equal(server.url, server.environment.FTRACK_SERVER)
    assert.matches("^%S+$", server.environment.FTRACK_API_USER)
    assert.matches("^%x+$", server.environment.FTRACK_API_KEY)
    server:kill "sigterm"
    assert.equal(0, server:wait().exit_code)
    assert.equal("", server.stderr)

    local again <close> = support.serve { data = folder.path .. "/data" }
    assert.is_nil(again.environment.FTRACK_API_KEY)
    assert.matches("serve %-%-new%-key", again:wait_for "A key was shown[^\n]*")
  end)

  it("prints another key when asked, and both work", function()
    local folder <close> = support.folder()
    local environment
    do
      local server <close> = support.serve { data = folder.path }
      environment = server.environment
    end
    local server <close> = support.serve { data = folder.path, arguments = { "--new-key" } }
    assert.not_equal(environment.FTRACK_API_KEY, server.environment.FTRACK_API_KEY)
    for _, key in ipairs { environment.FTRACK_API_KEY, server.environment.FTRACK_API_KEY } do
      local result = support.run {
        "run", "-", environment = {
          FTRACK_SERVER = server.url, FTRACK_API_USER = environment.FTRACK_API_USER, FTRACK_API_KEY = key,
        },
        input = [[
          local session <close> = require "moonshift".session()
          local name = os.getenv "FTRACK_API_USER"
          print(session:query("select username from User where username is {name}", { name = name })
            :one().username)
        ]],
      }
      assert.same({ environment.FTRACK_API_USER .. "\n", "" }, { result.stdout, result.stderr })
    end
  end)

  it("writes no key and no signature into any log", function()
    local folder <close> = support.folder()
    for name, value in pairs { MOONSHIFT_LOG = "debug", MOONSHIFT_TRACE = "requests" } do
      system.set_environment(name, value)
    end
    local server <close> = support.serve { data = folder.path .. "/data" }
    system.set_environment("MOONSHIFT_LOG", nil)
    system.set_environment("MOONSHIFT_TRACE", nil)
    local environment = { MOONSHIFT_LOG = "debug", MOONSHIFT_TRACE = "requests" }
    for name, value in pairs(server.environment) do environment[name] = value end
    support.write(folder.path .. "/file.txt", "text")
    local client = support.run { "run", "-", folder.path .. "/file.txt", environment = environment, input = [[
      local core = require "moonshift.core.component"
      local session <close> = require "moonshift".session()
      local component = session:create_component(...)
      session:download(component, (...):match "^(.*)/")
      core.download { session = session, path = ... .. ".back", url = ("%s/component/get?id=%s&username=%s&apiKey=%s")
        :format(session.name, component.id, os.getenv "FTRACK_API_USER", os.getenv "FTRACK_API_KEY") }
      pcall(core.download, { session = session, path = ... .. ".none",
        url = ("%s/component/get?id=none&username=x&apiKey=%s"):format(session.name, os.getenv "FTRACK_API_KEY") })
    ]] }
    assert.equal(0, client.exit_code, client.stderr)
    server:kill "sigterm"
    server:wait()
    assert.equal("text", support.read(folder.path .. "/file.txt.back"))
    assert.matches("GET /component/get 200", server.stderr, 1, true)
    for _, text in ipairs { server.stderr, client.stderr, client.stdout } do
      assert.is_nil(text:find(server.environment.FTRACK_API_KEY, 1, true))
      assert.is_nil(text:find("signature=%x"))
    end
  end)

  it("keeps its data to its user", function()
    local folder <close> = support.folder()
    local server <close> = support.serve { data = folder.path .. "/data" }
    assert.equal(0, uv.fs_stat(folder.path .. "/data").mode & 0x3f)
    server:kill "sigint"
    assert.equal(0, server:wait().exit_code)
  end)

  it("names the public URL instead of its own", function()
    local folder <close> = support.folder()
    local server <close> = support.serve { data = folder.path, arguments = { "--public-url", "https://track.example" } }
    assert.equal("https://track.example", server.environment.FTRACK_SERVER)
  end)

  it("says what is wrong with its arguments, and exits 2", function()
    local folder <close> = support.folder()
    local END = " ('moonshift help serve' says more)\n"
    local cases = {
      [{ "--listne", "x" }] = "moonshift serve: there is no option '--listne'; did you mean '--listen'?" .. END,
      [{ "--listen" }] = "moonshift serve: --listen wants its HOST:PORT" .. END,
      [{ "--new-key=yes" }] = "moonshift serve: --new-key takes no value" .. END,
      [{ "now" }] = "moonshift serve: unexpected 'now'" .. END,
    }
    for arguments, message in pairs(cases) do
      local result = support.run { "serve", "--data=" .. folder.path, table.unpack(arguments) }
      assert.same({ 2, message }, { result.exit_code, result.stderr })
    end
    local result = support.run { "serve", "--data", folder.path, "--listen", "nowhere" }
    assert.equal(2, result.exit_code)
    assert.matches("^moonshift serve: cannot listen at 'nowhere': give HOST:PORT", result.stderr)
  end)

  it("says so when the port is taken", function()
    local folder <close> = support.folder()
    local server <close> = support.serve { data = folder.path .. "/one" }
    local result = support.run { "serve", "--data", folder.path .. "/two", "--listen", server.url:match "//(.*)$" }
    assert.equal(1, result.exit_code)
    assert.matches("^moonshift: [^\n]*" .. server.url:match ":%d+$" .. "[^\n]*\n$", result.stderr)
  end)

  it("keeps what it has told many clients at once, whoever kills it", function()
    local CLIENTS, ENOUGH = 12, 40
    local folder <close> = support.folder()
    local server <close> = support.serve { data = folder.path }
    local told = {}
    local function write(client)
      local session <close> = moonshift.session {
        server_url = server.url, api_user = server.environment.FTRACK_API_USER,
        api_key = server.environment.FTRACK_API_KEY, timeout = 5,
      }
      for i = 1, math.huge do
        local name = ("scope %d of %d"):format(i, client)
        session:create("Scope", { name = name })
        session:commit()
        told[#told + 1] = name
      end
    end
    local clients = {}
    for client = 1, CLIENTS do clients[client] = client end
    moonshift.parallel({ "killer", table.unpack(clients) }, { limit = CLIENTS + 1 }, function(client)
      if client ~= "killer" then return moonshift.try(write, client) end
      support.wait_until(function() return #told >= ENOUGH end)
      server:kill "sigkill"
    end)

    local session <close> = moonshift.session { data = folder.path }
    local kept = {}
    for _, scope in ipairs(session:query("select name from Scope"):all()) do kept[scope.name] = true end
    for _, name in ipairs(told) do assert.is_true(kept[name], name) end
  end)
end)
