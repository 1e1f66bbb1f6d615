-- The network is cut at every request of a run, before the tracker hears it or before its answer comes back,
-- for that moment or until the run has ended: afterwards the job is on the tracker, whole and once.

local cjson = require "cjson"
local support = require "support"
local task = require "moonshift.task"
local uv = require "luv"

local REQUESTS_LEAST = 8 -- that a run makes; the longer it takes, the more
local AT_A_TIME = 5

-- ---- a proxy that cuts -----------------------------------------------------------------------------

local Proxy = {}
Proxy.__index = Proxy

local function is_request(chunk)
  return chunk:find "^%u+ /%S* HTTP/1" ~= nil
end

-- What becomes of the next request: "pass", "refuse" (the tracker never hears it) or "deafen" (its answer
-- is lost).
function Proxy:judge()
  self.count = self.count + 1
  if self.count == self.cut_at or (self.for_good and self.count > self.cut_at) then return self.manner end
  return "pass"
end

local function close(...)
  for _, handle in ipairs { ... } do
    if not handle:is_closing() then handle:close() end
  end
end

function Proxy:forward(client)
  local upstream = uv.new_tcp()
  self.handles[client], self.handles[upstream] = true, true
  local deaf = false
  upstream:connect("127.0.0.1", self.port_behind, function(problem)
    if problem then return close(client, upstream) end
    client:read_start(function(_, chunk)
      if not chunk then return close(client, upstream) end
      if is_request(chunk) then
        local verdict = self:judge()
        if verdict == "refuse" then return close(client, upstream) end
        deaf = verdict == "deafen"
      end
      upstream:write(chunk)
    end)
    upstream:read_start(function(_, chunk)
      if not chunk or deaf then return close(client, upstream) end
      client:write(chunk)
    end)
  end)
end

function Proxy:__close()
  self.listener:close()
  for handle in pairs(self.handles) do close(handle) end
  task.sleep(0)
end

---@param options { behind: string, cut_at: integer, manner: "refuse"|"deafen", for_good: boolean }
local function new_proxy(options)
  local proxy = setmetatable({
    listener = uv.new_tcp(), handles = {}, count = 0, port_behind = tonumber(options.behind:match ":(%d+)$"),
    cut_at = options.cut_at, manner = options.manner, for_good = options.for_good,
  }, Proxy)
  assert(proxy.listener:bind("127.0.0.1", 0))
  assert(proxy.listener:listen(16, function()
    local client = uv.new_tcp()
    proxy.listener:accept(client)
    proxy:forward(client)
  end))
  proxy.url = ("http://127.0.0.1:%d"):format(proxy.listener:getsockname().port)
  return proxy
end

-- ---- runs ------------------------------------------------------------------------------------------

-- One run whose k-th request is cut; afterwards what waits is delivered. Returns whether there was a k-th
-- request, and the job as the tracker shows it.
local function run_with_cut(server, root, case)
  local proxy <close> = new_proxy {
    behind = server.url, cut_at = case.cut_at, manner = case.manner, for_good = case.for_good,
  }
  local name = ("%s %d %s"):format(case.manner, case.cut_at, case.for_good and "for good" or "once")
  local folder = root .. "/" .. name
  support.write(folder .. "/out.txt", name)
  local function moonshift(arguments)
    arguments.cwd = folder
    arguments.environment = { XDG_STATE_HOME = folder .. "/state", FTRACK_SERVER = proxy.url }
    for variable, value in pairs(server.environment) do
      arguments.environment[variable] = arguments.environment[variable] or value
    end
    return support.run(arguments)
  end
  local run = moonshift {
    "wrap", "--quiet", "--description", name, "--attach", "out.txt", "--log", "always", "--",
    "sh", "-c", "echo said; exit 3",
  }
  assert.equal(3, run.exit_code, name .. ": " .. run.stderr)
  local was_cut = proxy.count >= case.cut_at
  proxy.cut_at, proxy.for_good = 0, false
  local sent = moonshift { "outbox", "send" }
  assert.equal(0, sent.exit_code, name .. ": " .. sent.stderr)
  local jobs = {}
  for line in moonshift({ "jobs", "--json", "--limit", "1000" }).stdout:gmatch "[^\n]+" do
    local job = cjson.decode(line)
    if job.data.description == name then jobs[#jobs + 1] = job end
  end
  assert.equal(1, #jobs, name)
  return was_cut, jobs[1], name
end

local function check(job, name)
  local names = {}
  for i, file in ipairs(job.attachments) do names[i] = file.name end
  table.sort(names)
  assert.same({ "failed", "exit code 3", { "out.txt", "output.log" } }, { job.status, job.data.reason, names }, name)
end

describe("a network that is cut at every request of a run", function()
  for _, manner in ipairs { "refuse", "deafen" } do
    for _, for_good in ipairs { false, true } do
      local title = ("loses nothing and doubles nothing: %s, %s"):format(manner, for_good and "for good" or "once")
      it(title, function()
        local folder <close> = support.folder()
        local server <close> = support.serve { data = folder.path .. "/data" }
        local cut_at, is_over = 0, false
        local function cut_on() -- at one request after the other, until a run has no more
          while not is_over do
            cut_at = cut_at + 1
            local case = { cut_at = cut_at, manner = manner, for_good = for_good }
            local was_cut, job, name = run_with_cut(server, folder.path, case)
            check(job, name)
            is_over = is_over or not was_cut
          end
        end
        local workers = {}
        for i = 1, AT_A_TIME do workers[i] = i end
        task.parallel(workers, cut_on)
        assert.is_true(cut_at > REQUESTS_LEAST, cut_at)
      end)
    end
  end
end)
