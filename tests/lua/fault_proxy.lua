--- A proxy between a session and its server that does what networks do, on the loop of the test itself.
---
---     local proxy <close> = fault_proxy.start(port)
---     proxy:plan { [3] = "drop_answer", [5] = "corrupt" } -- to the third and the fifth request from now on
---     … requests to 127.0.0.1:proxy.port …
---     proxy.count, proxy.spoilt -- requests that came, and those that something happened to
---
--- Requests and answers have a Content-Length or are chunked.

local uv = require "luv"

local fault_proxy = {}

--- Every fault there is.
fault_proxy.FAULTS = { "drop_request", "drop_answer", "truncate", "corrupt", "html", "duplicate", "delay" }

---@class fault_proxy.Proxy
---@field port integer
---@field count integer
---@field spoilt integer
local Proxy = {}
Proxy.__index = Proxy

-- The length of the message at the front of `data`, or nil while it is not complete.
local function message_length(data)
  local head_end = select(2, data:find("\r\n\r\n", 1, true))
  if not head_end then return nil end
  local head = data:sub(1, head_end):lower()
  if head:find "transfer%-encoding: chunked" then
    return select(2, data:find("\r\n0\r\n\r\n", head_end - 2, true))
  end
  local total = head_end + tonumber(head:match "content%-length: (%d+)" or 0)
  return #data >= total and total or nil
end

local function body_of(data)
  return select(2, data:find("\r\n\r\n", 1, true)) + 1
end

-- A handle that is closed with the proxy at the latest.
function Proxy:keep(handle)
  self.handles[handle] = true
  return handle
end

function Proxy:close(handle)
  self.handles[handle] = nil
  if not handle:is_closing() then handle:close() end
end

function Proxy:__close()
  for handle in pairs(self.handles) do
    if not handle:is_closing() then handle:close() end
  end
  self.handles = {}
end

local function write(client, data, done)
  if not client:is_closing() then client:write(data, done) end
end

-- Sends a request to the server on a connection of its own; `done` gets the answer.
function Proxy:forward(request, done)
  local server, data = self:keep(uv.new_tcp()), ""
  server:connect("127.0.0.1", self.target_port, function(problem)
    assert(not problem, problem)
    server:read_start(function(_, chunk)
      data = data .. (chunk or "")
      if message_length(data) or not chunk then
        self:close(server)
        done(data)
      end
    end)
    server:write(request)
  end)
end

-- What happens to a request, by its fault.
local treatments = {}

local function answer_with(change)
  return function(self, client, request)
    self:forward(request, function(data) write(client, change(data)) end)
  end
end

treatments.none = answer_with(function(data) return data end)

treatments.corrupt = answer_with(function(data)
  local middle = (body_of(data) + #data) // 2
  return data:sub(1, middle - 2) .. "\0\1{\255" .. data:sub(middle + 3)
end)

treatments.html = answer_with(function()
  return "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>no</html>"
end)

function treatments.drop_request(self, client)
  self:close(client)
end

function treatments.drop_answer(self, client, request)
  self:forward(request, function() self:close(client) end)
end

function treatments.truncate(self, client, request)
  self:forward(request, function(data)
    write(client, data:sub(1, (body_of(data) + #data) // 2), function() self:close(client) end)
  end)
end

function treatments.duplicate(self, client, request)
  self:forward(request, function() treatments.none(self, client, request) end)
end

-- The answer is there, but the client does not hear of it before it gives up.
function treatments.delay(self, _, request)
  self:forward(request, function() end)
end

function Proxy:treat(client, request)
  self.count = self.count + 1
  local fault = self.faults[self.count]
  if fault then self.spoilt = self.spoilt + 1 end
  treatments[fault or "none"](self, client, request)
end

function Proxy:serve(client)
  local data = ""
  client:read_start(function(_, chunk)
    if not chunk then return self:close(client) end
    data = data .. chunk
    local length = message_length(data)
    while length do
      local request = data:sub(1, length)
      data = data:sub(length + 1)
      self:treat(client, request)
      length = message_length(data)
    end
  end)
end

--- What happens to which request, counted from now on.
---@param faults table<integer, string> Number of a request to one of FAULTS.
function Proxy:plan(faults)
  for _, fault in pairs(faults) do assert(treatments[fault], fault) end
  self.faults, self.count, self.spoilt = faults, 0, 0
end

--- Starts a proxy in front of the server on a port of this machine.
---@param target_port integer
---@return fault_proxy.Proxy
function fault_proxy.start(target_port)
  local self = setmetatable({ target_port = target_port, handles = {} }, Proxy)
  local listener = self:keep(uv.new_tcp())
  assert(listener:bind("127.0.0.1", 0))
  listener:listen(64, function()
    local client = self:keep(uv.new_tcp())
    listener:accept(client)
    self:serve(client)
  end)
  self.port = listener:getsockname().port
  self:plan {}
  return self
end

return fault_proxy
