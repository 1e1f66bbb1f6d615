--- The server under load, over a studio of 100 and one of 100,000 tasks: a one-row query, a page of 500 rows with
--- ten attributes and a nested collection, and a create with its commit, at 1, 16 and 64 connections. Beside them
--- nginx with a static file of the same size, the same rows from the sqlite3 shell, and the disk's fdatasync rate.
--- Server and peer take turns; figures are medians of three turns.
---
--- Needs wrk; nginx and sqlite3 where they are to be compared with. MOONSHIFT_BENCH_SECONDS is how long each
--- figure is measured (3), MOONSHIFT_BENCH_TASKS the larger studio's size.

local cjson = require "cjson"
local measure = require "measure"
local task = require "moonshift.task"
local uv = require "luv"

local PROGRAM = require "moonshift.core.system".program()
local SECONDS = tonumber(os.getenv "MOONSHIFT_BENCH_SECONDS") or 3
local SIZES = { 100, math.tointeger(tonumber(os.getenv "MOONSHIFT_BENCH_TASKS")) or 100000 }
local TASKS_PER_SHOT = 4.58 -- what seed makes, asset builds included
local CONNECTIONS = { 1, 16, 64 }
local TURNS = 3

local COLUMNS = { "name", "description", "bid", "status_id", "type_id", "priority_id", "start_date", "end_date",
  "sort", "parent_id" }

local function shell(command, ...)
  local pipe = assert(io.popen(command:format(...) .. " 2>/dev/null"))
  local output = pipe:read "a"
  return output, pipe:close()
end

local function has(tool)
  return (shell("command -v %s || ls /usr/sbin/%s", tool, tool)) ~= ""
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
  return path
end

-- A process that is ended with its scope.
local function background(program, arguments)
  local handle, pid = assert(uv.spawn(program, { args = arguments, stdio = { nil, nil, nil } }, function() end))
  return setmetatable({}, { __close = function()
    uv.kill(pid, "sigterm")
    task.sleep(0.3)
    handle:close()
  end })
end

-- ---- load -----------------------------------------------------------------------------------------------

local WRK = [[
local file = os.getenv "BENCH_BODY"
if file then
  wrk.method, wrk.body = "POST", io.open(file):read "*a"
  wrk.headers["ftrack-user"] = os.getenv "FTRACK_API_USER"
  wrk.headers["ftrack-api-key"] = os.getenv "FTRACK_API_KEY"
  wrk.headers["ftrack-strict-api"] = "true"
end
]]

local UNITS = { us = 1e-3, ms = 1, s = 1e3 }

local function load_with(place, connections, url, environment)
  local output = shell("%s wrk -t1 -c%d -d%gs --latency -s %s/wrk.lua %s", environment or "", connections,
    math.ceil(SECONDS / TURNS), place.path, url)
  if output:find "Non%-2xx" then error("answers that were errors:\n" .. output) end
  local number, unit = output:match "99%%%s+([%d.]+)(%a+)"
  return tonumber(output:match "Requests/sec:%s+([%d.]+)"), tonumber(number) * UNITS[unit]
end

-- ---- peers ----------------------------------------------------------------------------------------------

local function start_nginx(place, port)
  write(place.path .. "/nginx.conf", ([[
    daemon off; worker_processes 1; pid %s/nginx.pid; error_log /dev/null;
    events { worker_connections 512; }
    http { access_log off; keepalive_requests 100000000; sendfile on;
      client_body_temp_path %s/a; proxy_temp_path %s/b; fastcgi_temp_path %s/c; uwsgi_temp_path %s/d;
      scgi_temp_path %s/e;
      server { listen 127.0.0.1:%d; root %s; } }
  ]]):gsub("%%s", place.path):format(port))
  return background("nginx", { "-c", place.path .. "/nginx.conf" })
end

-- Milliseconds that the sqlite3 shell takes for one run of a statement.
local function time_sql(place, database, sql, many)
  local function seconds(runs)
    write(place.path .. "/statements.sql", (sql .. ";\n"):rep(runs))
    local started = uv.hrtime()
    shell("sqlite3 -readonly %s < %s/statements.sql > /dev/null", database, place.path)
    return (uv.hrtime() - started) / 1e9
  end
  seconds(1)
  return (seconds(many) - seconds(1)) / (many - 1) * 1e3
end

local function fdatasync_rate(place)
  local fd = assert(uv.fs_open(place.path .. "/sync", "w", 384))
  local block, count, started = ("x"):rep(4096), 0, uv.hrtime()
  while (uv.hrtime() - started) / 1e9 < SECONDS / TURNS do
    assert(uv.fs_write(fd, block, count % 256 * 4096))
    assert(uv.fs_fdatasync(fd))
    count = count + 1
  end
  uv.fs_close(fd)
  return count / (SECONDS / TURNS)
end

local function median(values)
  table.sort(values)
  return values[(#values + 1) // 2]
end

-- Medians of what they return when they take turns: the subject's two, the peer's one (nil without a peer).
local function take_turns(subject, peer)
  local rates, latencies, peers = {}, {}, {}
  for i = 1, TURNS do
    rates[i], latencies[i] = subject()
    peers[i] = peer and peer()
  end
  return median(rates), median(latencies), peer and median(peers)
end

-- ---- what is measured -------------------------------------------------------------------------------------

local function query(expression)
  return cjson.encode { { action = "query", expression = expression } }
end

local function cases(id)
  return {
    { name = "one-row query", body = query(('select name, status_id from Task where id is "%s"'):format(id)),
      sql_runs = 20000,
      sql = ("SELECT json_object('name', name, 'status_id', status_id) FROM Context WHERE id = '%s'"):format(id) },
    { name = "page of 500 rows, one collection",
      body = query(("select %s, assignments.resource_id from Task limit 500"):format(table.concat(COLUMNS, ", "))),
      sql_runs = 100,
      sql = ([[SELECT json_object('%s, 'assignments', (SELECT json_group_array(
        json_object('resource_id', a.resource_id)) FROM Appointment a WHERE a.context_id = c.id))
        FROM Context c WHERE c.__entity_type__ = 'Task' LIMIT 500]])
        :format(table.concat(COLUMNS, ", '"):gsub("([%w_]+)", "%1', %1")) },
    { name = "create and commit", writes = true, body = cjson.encode { { action = "create", entity_type = "Note",
      entity_data = { content = "hello", parent_id = id, parent_type = "task" } } } },
  }
end

local function run_case(place, server, case)
  write(place.path .. "/body.json", case.body)
  local environment = ("BENCH_BODY=%s/body.json FTRACK_API_USER='%s' FTRACK_API_KEY=%s"):format(place.path, server.user,
    server.key)
  local answer = shell("curl -s -H 'ftrack-user: %s' -H 'ftrack-api-key: %s' --data @%s/body.json %s/api", server.user,
    server.key, place.path, server.url)
  write(place.path .. "/static", answer)
  print(("  %s, %d bytes"):format(case.name, #answer))
  for _, connections in ipairs(CONNECTIONS) do
    local function static()
      return (load_with(place, connections, server.static_url .. "/static"))
    end
    local peer = case.writes and function() return fdatasync_rate(place) end or server.static_url and static
    local rate, p99_ms, peer_rate = take_turns(function()
      return load_with(place, connections, server.url .. "/api", environment)
    end, peer)
    local line = ("    %2d connections %10.0f/s   p99 %8.2f ms"):format(connections, rate, p99_ms)
    if peer_rate then
      line = line .. ("   %-9s %8.0f/s   ratio %5.2f"):format(case.writes and "fdatasync" or "nginx", peer_rate,
        rate / peer_rate)
    end
    print(line)
    if connections == 1 and case.sql and server.has_sqlite then
      local sql_ms = time_sql(place, server.data .. "/moonshift.db", case.sql, case.sql_runs)
      print(("       the same in sqlite3 %8.3f ms   ratio %5.2f"):format(sql_ms, 1000 / rate / sql_ms))
    end
  end
end

local function run_size(place, tasks, port)
  local data = ("%s/%d"):format(place.path, tasks)
  shell("%s seed --project bench --shots %d --data %s", PROGRAM, math.max(1, tasks // TASKS_PER_SHOT), data)
  local found = shell("%s query --json --data %s 'select id, created_by.username from Task limit 1'", PROGRAM, data)
  local row = cjson.decode(found)
  local server = {
    data = data,
    url = "http://127.0.0.1:" .. port,
    static_url = has "nginx" and "http://127.0.0.1:" .. port + 1 or nil,
    has_sqlite = has "sqlite3",
    user = row.created_by.username,
    key = shell("%s keys create --data %s", PROGRAM, data):match "%x+",
  }
  local _ <close> = background(PROGRAM, { "serve", "--data", data, "--listen", "127.0.0.1:" .. port })
  local _ <close> = server.static_url and start_nginx(place, port + 1) or nil
  task.sleep(1)
  print(("a studio of about %d tasks"):format(tasks))
  for _, case in ipairs(cases(row.id)) do run_case(place, server, case) end
end

if not has "wrk" then
  print "the server under load: skipped, there is no wrk"
  return
end
local place <close> = measure.folder()
write(place.path .. "/wrk.lua", WRK)
shell("chmod 755 %s", place.path) -- nginx reads as another user
for i, tasks in ipairs(SIZES) do run_size(place, tasks, 18700 + i * 2) end
