--- A proxy between a session and its server that does what networks do: moonshift run fault_proxy.lua PORT FAULTS.
---
--- FAULTS is a list such as "3:drop_answer,5:corrupt": what happens to the third and the fifth request. Prints
--- the port that it listens on. Requests and answers have a Content-Length or are chunked.

local uv = require "luv"

local target_port = assert(tonumber(arg[1]))
local faults, count = {}, 0
for number, fault in (arg[2] or ""):gmatch "(%d+):([%a_]+)" do faults[tonumber(number)] = fault end

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

local function close(handle)
  if not handle:is_closing() then handle:close() end
end

-- Sends a request to the server on a connection of its own; `done` gets the answer.
local function forward(request, done)
  local server, data = uv.new_tcp(), ""
  server:connect("127.0.0.1", target_port, function(problem)
    assert(not problem, problem)
    server:read_start(function(_, chunk)
      data = data .. (chunk or "")
      local length = message_length(data)
      if length or not chunk then
        close(server)
        done(data)
      end
    end)
    server:write(request)
  end)
end

local function plain(answer)
  return function(client, request)
    forward(request, function(data) client:write(answer(data)) end)
  end
end

local function body_of(data)
  return select(2, data:find("\r\n\r\n", 1, true)) + 1
end

local treatments = {
  none = plain(function(data) return data end),
  corrupt = plain(function(data)
    local middle = (body_of(data) + #data) // 2
    return data:sub(1, middle - 2) .. "\0\1{\255" .. data:sub(middle + 3)
  end),
  html = plain(function()
    return "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>no</html>"
  end),
}

function treatments.drop_request(client)
  close(client)
end

function treatments.drop_answer(client, request)
  forward(request, function() close(client) end)
end

function treatments.truncate(client, request)
  forward(request, function(data)
    client:write(data:sub(1, (body_of(data) + #data) // 2), function() close(client) end)
  end)
end

function treatments.duplicate(client, request)
  forward(request, function() treatments.none(client, request) end)
end

-- The answer is there, but the client does not hear of it before it gives up.
function treatments.delay(_, request)
  forward(request, function() end)
end

local listener = uv.new_tcp()
listener:bind("127.0.0.1", 0)
listener:listen(64, function()
  local client, data = uv.new_tcp(), ""
  listener:accept(client)
  client:read_start(function(_, chunk)
    if not chunk then return close(client) end
    data = data .. chunk
    local length = message_length(data)
    while length do
      local request = data:sub(1, length)
      data = data:sub(length + 1)
      count = count + 1
      treatments[faults[count] or "none"](client, request)
      length = message_length(data)
    end
  end)
end)

io.write("listening on ", listener:getsockname().port, "\n")
io.flush()
require "moonshift.core.task".await(function() end) -- until it is killed
