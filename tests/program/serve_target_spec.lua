local support = require "support"
local system = require "moonshift.core.system"
local task = require "moonshift.task"
local uv = require "luv"

-- All that a server answers to these bytes, until it closes.
local function exchange(port, text)
  return task.timeout(60, task.await, function(resume)
    local socket, pieces = uv.new_tcp(), {}
    local function finish()
      socket:close()
      resume(table.concat(pieces))
    end
    socket:connect("127.0.0.1", port, function(failure)
      assert(not failure, failure)
      socket:write(text)
      socket:read_start(function(_, piece)
        if not piece then return finish() end
        pieces[#pieces + 1] = piece
      end)
    end)
  end)
end

local function get(server, target, host, more)
  return exchange(tonumber(server.port), ("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n")
    :format(target, host, more or ""))
end

local function serve(...)
  system.set_environment("MOONSHIFT_LOG", "debug")
  local server = support.serve { arguments = { ... } }
  system.set_environment("MOONSHIFT_LOG", nil)
  server.port = server.url:match ":(%d+)$"
  return server
end

describe("whole URLs in the request line", function()
  it("sign in by the one-time link, and no secret of theirs is in the log", function()
    local folder <close> = support.folder()
    local server <close> = serve("--data", folder.path)
    local host, key = "127.0.0.1:" .. server.port, server.environment.FTRACK_API_KEY
    local token = server:wait_for "[?]token=(%w+)"
    local secrets = { token, key, "swordfish" }
    for _, target in ipairs {
      "http://root:swordfish@" .. host .. "/healthz", "https://" .. host .. "/?token=" .. token,
      "http://swordfish.example/?token=" .. token, "http://" .. host .. "?signature=swordfish",
      "ftp://swordfish/component/get?apiKey=" .. key, "http://swordfish.example/socket.io/1/websocket/swordfish",
    } do
      local answer = get(server, target, host)
      assert.is_false(answer:find("^HTTP/1.1 303") ~= nil, target)
      for _, secret in ipairs(secrets) do assert.is_nil(answer:find(secret, 1, true), target) end
    end
    local query = ("id=none&username=%s&apiKey=%s"):format(server.environment.FTRACK_API_USER, key)
    assert.matches("^HTTP/1.1 404", get(server, "http://" .. host .. "/component/get?" .. query, host))

    local link = get(server, ("http://%s/?token=%s"):format(host, token), host)
    assert.matches("^HTTP/1.1 303", link)
    local cookie = "Cookie: " .. link:match "Set%-Cookie: ([^;\r]+)" .. "\r\n"
    secrets[#secrets + 1] = cookie:match "=(.-)\r"

    local list = "http://" .. host .. "/jobs/list"
    assert.matches("^HTTP/1.1 200", get(server, list, host, cookie))
    assert.matches("^HTTP/1.1 200", get(server, list, host, cookie .. "Origin: http://" .. host .. "\r\n"))
    local foreign = "Origin: http://evil.example\r\n"
    assert.matches("^HTTP/1.1 403", get(server, list, host, cookie .. foreign))
    assert.matches("^HTTP/1.1 400", get(server, "http://evil.example/jobs/list", host, cookie .. foreign))

    server:kill "sigterm"
    server:wait()
    assert.matches("GET /jobs/list 200", server.stderr, 1, true)
    assert.matches("GET /healthz 400", server.stderr, 1, true)
    for _, secret in ipairs(secrets) do assert.is_nil(server.stderr:find(secret, 1, true)) end
  end)

  it("may have the scheme of the public URL", function()
    local folder <close> = support.folder()
    local server <close> = serve("--data", folder.path, "--public-url", "https://track.example")
    assert.matches("^HTTP/1.1 200", get(server, "https://track.example/healthz", "track.example"))
    assert.matches("^HTTP/1.1 200", get(server, "http://track.example/healthz", "track.example"))
    assert.matches("^HTTP/1.1 400", get(server, "https://track.example/healthz", "other.example"))
  end)
end)
