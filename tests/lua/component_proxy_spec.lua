--- Components through a proxy, which the usual variables name.

local support = require "support"
local system = require "moonshift.core.system"
local trackers = require "trackers"
local uv = require "luv"

local MIB = 1024 * 1024

local function close(handle)
  if not handle:is_closing() then handle:close() end
end

local function pass(from, to, change)
  from:read_start(function(_, chunk)
    if chunk and not to:is_closing() then
      to:write(change and change(chunk) or chunk)
      return
    end
    close(from)
    close(to)
  end)
end

-- The server's own form of a request that names it.
local function without_origin(chunk)
  return (chunk:gsub("^(%u+) http://[%d.]+:%d+/", "%1 /"))
end

-- A forward proxy for http:// and one server: the first request on a connection says which.
local function start_proxy()
  local proxy = { handles = {}, count = 0 }
  local listener = uv.new_tcp()
  proxy.handles[1] = listener
  listener:bind("127.0.0.1", 0)
  listener:listen(64, function()
    local client, server, head = uv.new_tcp(), uv.new_tcp(), ""
    proxy.handles[#proxy.handles + 1], proxy.handles[#proxy.handles + 2] = client, server
    listener:accept(client)
    client:read_start(function(_, chunk)
      if not chunk then
        close(client)
        close(server)
        return
      end
      head = head .. chunk
      local host, port = head:match "^%u+ http://([%d.]+):(%d+)/"
      local is_tunnel = not host and head:find "\r\n\r\n"
      if is_tunnel then host, port = head:match "^CONNECT ([%d.]+):(%d+) " end
      if not host then return end
      proxy.count = proxy.count + 1
      client:read_stop()
      server:connect(host, tonumber(port), function(problem)
        assert(not problem, problem)
        if is_tunnel then client:write "HTTP/1.1 200 OK\r\n\r\n" else server:write(without_origin(head)) end
        pass(client, server, not is_tunnel and without_origin)
        pass(server, client)
      end)
    end)
  end)
  proxy.url = ("http://127.0.0.1:%d"):format(listener:getsockname().port)
  return setmetatable(proxy, { __close = function()
    for _, handle in ipairs(proxy.handles) do close(handle) end
  end })
end

describe("a proxy", function()
  local VARIABLES = { "http_proxy", "no_proxy", "NO_PROXY" }
  local tracker, folder, before
  setup(function()
    tracker, folder, before = trackers.start "http", support.folder(), {}
    for _, name in ipairs(VARIABLES) do before[name] = os.getenv(name) end
  end)
  teardown(function()
    for _, name in ipairs(VARIABLES) do system.set_environment(name, before[name]) end
    getmetatable(folder).__close(folder)
    tracker:close()
  end)

  it("carries requests, uploads and downloads", function()
    local proxy <close> = start_proxy()
    for _, name in ipairs(VARIABLES) do system.set_environment(name, nil) end
    system.set_environment("http_proxy", proxy.url)
    local session <close> = tracker:session()
    local data = ("0123456789abcdef"):rep(20 * MIB // 16)
    local component = session:create_component(support.write(folder.path .. "/plate.exr", data))
    local target <close> = support.folder()
    local path = session:download(component, target.path)
    assert.is_true(data == support.read(path))
    assert.is_true(proxy.count > 1) -- parts have connections of their own
  end)

  it("is left alone for the hosts that no_proxy names", function()
    local proxy <close> = start_proxy()
    system.set_environment("http_proxy", proxy.url)
    system.set_environment("no_proxy", "127.0.0.1")
    local session <close> = tracker:session()
    session:create_component(support.write(folder.path .. "/small.exr", "data"))
    assert.equal(0, proxy.count)
  end)
end)
