--- Data from a server that knows neither ranges nor tags, such as a storage that a tracker's URLs lead to.

local errors = require "moonshift.errors"
local fetch = require "moonshift.fetch"
local support = require "support"
local trackers = require "trackers"
local uv = require "luv"

local SIZE = 9 * 1024 * 1024

-- Answers every request with all of `data`, or with what `cut` leaves of it.
local function start_server(data, cut)
  local server = { handles = {}, requests = 0 }
  local listener = uv.new_tcp()
  server.handles[1] = listener
  listener:bind("127.0.0.1", 0)
  listener:listen(16, function()
    local client, head = uv.new_tcp(), ""
    server.handles[#server.handles + 1] = client
    listener:accept(client)
    client:read_start(function(_, chunk)
      head = head .. (chunk or "")
      if not head:find "\r\n\r\n" or client:is_closing() then return end
      head, server.requests = "", server.requests + 1
      client:write(("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"):format(#data))
      client:write(cut and data:sub(1, cut) or data, function()
        if cut and not client:is_closing() then client:close() end
      end)
    end)
  end)
  server.url = ("http://127.0.0.1:%d/data"):format(listener:getsockname().port)
  return setmetatable(server, { __close = function()
    for _, handle in ipairs(server.handles) do
      if not handle:is_closing() then handle:close() end
    end
  end })
end

describe("a server without ranges", function()
  local tracker, folder, data
  setup(function()
    tracker, folder, data = trackers.start "http", support.folder(), ("0123456789abcdef"):rep(SIZE // 16)
  end)
  teardown(function()
    getmetatable(folder).__close(folder)
    tracker:close()
  end)

  it("sends the whole, for which it is asked once", function()
    local server <close> = start_server(data)
    local session <close> = tracker:session()
    local path = folder.path .. "/whole"
    assert.equal(SIZE, fetch.run(session, { url = server.url, path = path, key = "key", size = SIZE }))
    assert.is_true(data == support.read(path))
    assert.same({ "whole" }, support.entries(folder.path))
    assert.equal(2, server.requests) -- the first one only looks
  end)

  it("may stop: nothing half is left", function()
    local session <close> = tracker:session { timeout = 5 }
    for _, cut in ipairs { 0, 1, SIZE // 2, SIZE - 1 } do
      local server <close> = start_server(data, cut)
      local ok, err = pcall(fetch.run, session, {
        url = server.url, path = folder.path .. "/half", key = "key", size = 1000, -- small: at once
      })
      assert.is_false(ok)
      assert.equal("network", errors.code(err))
      assert.is_nil(uv.fs_stat(folder.path .. "/half"))
      assert.is_nil(uv.fs_stat(folder.path .. "/.moonshift-key.part"))
    end
  end)
end)
