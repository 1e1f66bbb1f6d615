-- Sessions in tasks: what waits lets the others go on, wherever Lua can yield. The scripts run in programs of their
-- own, because busted's functions cannot.

local support = require "support"
local trackers = require "trackers"

local SCRIPT = [==[
local moonshift = require "moonshift"
local task = require "moonshift.task"
local session <close> = moonshift.session()
local user = session:ensure("User", { username = "tasker" }, { "username" })

-- Attributes are fetched inside metamethods, closing variables, coroutines and iterators.
local jobs = moonshift.parallel({ 1, 2, 3, 4, 5, 6 }, { limit = 3 }, function(number)
  local job = session:create("Job", { user = user, data = "number " .. number })
  session:commit()
  return job
end)
session:reset()
local ids = {}
for i, job in ipairs(jobs) do ids[i] = job.id end

local seen = {}
moonshift.parallel(ids, function(id)
  local guard <close> = setmetatable({}, { __close = function()
    local name = session:get("Job", id).user.username
    seen[#seen + 1] = name
  end })
  local job = session:get("Job", id)
  assert(job.data:find "^number", job.data)
  assert(#job.job_components == 0)
end)
assert(#seen == 6 and seen[6] == "tasker")

session:reset()
local generator = coroutine.wrap(function()
  for _, job in session:query('Job where user.username is "tasker" order by data'):iterate() do
    coroutine.yield(job.data)
  end
end)
local ticks, ticking = 0, true
local clock = moonshift.spawn(function() while ticking do ticks = ticks + 1 task.sleep(0) end end)
assert(generator() == "number 1" and generator() == "number 2")
ticking = false
clock:wait()

-- Where Lua cannot yield the one request completes in place.
session:reset()
local list = session:query('Job where user.username is "tasker"'):all()
table.sort(list, function(a, b) return a.data < b.data end)
assert(list[6].data == "number 6")
for i, job in ipairs(session:query('Job where user.username is "tasker" order by data')) do
  assert(job.data == "number " .. i)
end

-- Changes of several tasks: every commit takes all there is, and none is lost.
moonshift.parallel(list, function(job, i)
  job.status = "running"
  session:commit()
  job.status = i % 2 == 0 and "done" or "failed"
  session:commit()
end)
session:reset()
assert(#session:query('Job where user.username is "tasker" and status is done') == 3)
assert(#session:query('Job where user.username is "tasker" and status is failed') == 3)

-- Tasks that miss the same attribute wait for one answer.
session:reset()
local core = require "moonshift.core.session"
local fetch, requests = core.fetch, 0
core.fetch = function(...)
  requests = requests + 1
  return fetch(...)
end
list = session:query('Job where user.username is "tasker"'):all()
moonshift.parallel(list, function(job) assert(job.user.username == "tasker") end)
core.fetch = fetch
assert(requests == 3, requests)

-- An error in one task carries its traceback; the session goes on.
local ok, problem = pcall(moonshift.parallel, { 1, 2 }, function()
  session:create("Job", { status = "nonsense" })
end)
assert(not ok and problem.code == "invalid" and problem.traceback)
local late, timeout = pcall(moonshift.timeout, 0.05, function()
  session:query("Job"):all()
  task.sleep(10)
end)
assert(not late and timeout.code == "timeout")
assert(session:query('User where username is "tasker"'):one())
print("fine", ticks > 1)
]==]

for _, kind in ipairs(trackers.KINDS) do
  it("sessions in tasks " .. kind, function()
    local tracker <close> = trackers.start(kind)
    local script = support.write(tracker.folder.path .. "/script.lua", SCRIPT)
    local result = support.run { "run", script, environment = tracker:environment() }
    assert.equal("", result.stderr)
    -- The embedded server answers at once; over HTTP the other task went on meanwhile.
    assert.equal(("fine\t%s\n"):format(kind == "http"), result.stdout)
  end)
end
