--- A static server in front of a real one: moonshift run static_server.lua PORT [HASH].
---
--- It asks the server on 127.0.0.1:PORT once for every different request and repeats the answer afterwards, so that
--- clients are measured and not the server. A batch of creations is answered with what it holds. With HASH
--- every answer tells that schema hash in place of the server's: that of a schema which no client knows.
--- Prints the port that it listens on.

local uv = require "luv"

local target_port, hash = assert(tonumber(arg[1])), arg[2]
local answers = {} -- body of a request → answer

-- The length of the message at the front of `data`, or nil while it is not complete.
local function message_length(data)
  local head_end = select(2, data:find("\r\n\r\n", 1, true))
  if not head_end then return nil end
  local total = head_end + tonumber(data:sub(1, head_end):lower():match "content%-length: (%d+)" or 0)
  return #data >= total and total or nil, head_end
end

local function make_answer(body)
  return ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body)
end

local function echo(body)
  local results = {}
  for data in body:gmatch '"entity_data": ?(%b{})' do
    results[#results + 1] = '{"action":"create","data":' .. data .. "}"
  end
  return make_answer("[" .. table.concat(results, ",") .. "]")
end

-- Asks the real server, on a connection of its own and without compression.
local function ask(request, done)
  local server, chunks = uv.new_tcp(), {}
  request = request:gsub("\r\n[Aa]ccept%-[Ee]ncoding:[^\r]*", ""):gsub("\r\n[Cc]onnection:[^\r]*", "")
  server:connect("127.0.0.1", target_port, function(problem)
    assert(not problem, problem)
    server:read_start(function(_, chunk)
      if chunk then
        chunks[#chunks + 1] = chunk
        return
      end
      server:close()
      local body = table.concat(chunks):match "\r\n\r\n(.*)$"
      done(make_answer(hash and body:gsub('"schema_hash": ?"%x+"', ('"schema_hash":"%s"'):format(hash)) or body))
    end)
    server:write((request:gsub("\r\n", "\r\nConnection: close\r\n", 1)))
  end)
end

local function respond(client, request, body)
  if body:find '^%[{"action": ?"create"' then return client:write(echo(body)) end
  if answers[body] then return client:write(answers[body]) end
  ask(request, function(answer)
    answers[body] = answer
    client:write(answer)
  end)
end

local listener = uv.new_tcp()
listener:bind("127.0.0.1", 0)
listener:listen(64, function()
  local client, data = uv.new_tcp(), ""
  listener:accept(client)
  client:nodelay(true)
  client:read_start(function(_, chunk)
    if not chunk then return client:is_closing() or client:close() end
    data = data .. chunk
    local length, head_end = message_length(data)
    while length do
      respond(client, data:sub(1, length), data:sub(head_end + 1, length))
      data = data:sub(length + 1)
      length, head_end = message_length(data)
    end
  end)
end)

io.write("listening on ", listener:getsockname().port, "\n")
io.flush()
require "moonshift.core.task".await(function() end) -- until it is killed
