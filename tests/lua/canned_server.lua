--- A server that answers what it was told: moonshift run canned_server.lua FILE.
---
--- FILE returns a list of answers, one per request: the body's text, or false to end the connection. Afterwards
--- the last answer is repeated. Prints the port, and every request's body on a line of its own.

local uv = require "luv"

local answers = dofile(arg[1])
local count = 0

local function respond(client, body)
  count = count + 1
  io.write("request ", body, "\n")
  io.flush()
  local answer = answers[math.min(count, #answers)]
  if not answer then return client:close() end
  client:write(("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"):format(
    #answer, answer))
end

local listener = uv.new_tcp()
listener:bind("127.0.0.1", 0)
listener:listen(16, function()
  local client, data = uv.new_tcp(), ""
  listener:accept(client)
  client:read_start(function(_, chunk)
    if not chunk then
      if not client:is_closing() then client:close() end
      return
    end
    data = data .. chunk
    local head_end = select(2, data:find("\r\n\r\n", 1, true))
    local length = head_end and tonumber(data:lower():match "content%-length: (%d+)" or 0)
    if head_end and #data >= head_end + length then
      local body = data:sub(head_end + 1, head_end + length)
      data = data:sub(head_end + length + 1)
      respond(client, body)
    end
  end)
end)

io.write("listening on ", listener:getsockname().port, "\n")
io.flush()
require "moonshift.core.task".await(function() end) -- until it is killed
