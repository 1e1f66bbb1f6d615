-- A scripted session through a proxy that spoils its requests: afterwards the server has exactly what the script's
-- view says. Each fault happens to each request once, then to many of them.

local fault_proxy = require "fault_proxy"
local moonshift = require "moonshift"
local trackers = require "trackers"

local TRIES = 12
local REQUESTS_MIN = 10 -- of the script when nothing goes wrong
local REQUESTS_MAX = 200 -- the script makes fewer, also those that it repeats
local AT_ONCE = 16
local PHASES = { 0, 3 } -- where in the pattern of many faults the first request is

-- Seconds to wait for an answer: short where none comes, otherwise as long as a busy machine may take.
local TIMEOUT_DELAY = 2
local PATIENCE = 60

-- Until it goes through, as a patient script would.
local function insist(f)
  local problem
  for _ = 1, TRIES do
    local ok, result = pcall(f)
    if ok then return result end
    problem = result
  end
  error(problem, 0)
end

local function commit(session)
  insist(function() session:commit() end)
end

-- What is told of a job.
local function describe_job(job)
  local metadata = {}
  for key, value in pairs(job.user.metadata) do metadata[key] = value end
  return { status = job.status, data = job.data, user = job.user.username, metadata = metadata }
end

-- What the server has.
local function find(session, marker)
  local view = {}
  local jobs = insist(function()
    return session:query("select status, data from Job where data like {data}", { data = marker .. " %" }):all()
  end)
  for _, job in ipairs(jobs) do view[job.id] = insist(function() return describe_job(job) end) end
  return view
end

-- What the script does, and its view of the jobs at the end.
local function work(session, marker)
  local user = insist(function() return session:query('User where username is "worker"'):one() end)
  local own = session:create("User", { username = marker, metadata = { kept = "yes", changed = "no", removed = "no" } })
  local first = session:create("Job", { user = user, data = marker .. " first" })
  local second = session:create("Job", { user = user, data = marker .. " second" })
  commit(session)
  first.status = "running"
  own.metadata.changed, own.metadata.removed, own.metadata.added = "yes", nil, "yes"
  commit(session)
  first.status, first.user = "done", own
  session:delete(second)
  local third = session:create("Job", { user = user, data = marker .. " third", status = "failed" })
  local fourth = session:create("Job", { user = own, data = marker .. " fourth" })
  commit(session)
  session:delete(third)
  commit(session)
  insist(function() session:populate({ first, fourth }, "user.memberships") end)
  local view = {}
  for _, job in ipairs { first, fourth } do view[job.id] = insist(function() return describe_job(job) end) end
  session:reset()
  assert.same(view, find(session, marker))
  return view
end

-- Three faults in seven requests; two in a row come through once in a while, as a question and a commit must.
local function many(fault, phase)
  local faults = {}
  for number = 1, REQUESTS_MAX do
    local place = (number + phase) % 7
    if place == 1 or place == 3 or place == 6 then faults[number] = fault end
  end
  return faults
end

describe("a session over a bad line", function()
  local tracker, runs
  setup(function()
    tracker, runs = trackers.start "http", 0
    local session <close> = tracker:session()
    session:ensure("User", { username = "worker" })
  end)
  teardown(function() tracker:close() end)

  -- Runs the script with these faults; how many requests it made, and how many of them were spoilt.
  local function check(faults, timeout)
    local proxy <close> = fault_proxy.start(tonumber(tracker.options.server_url:match ":(%d+)$"))
    proxy:plan(faults)
    runs = runs + 1
    local marker = "run" .. runs
    local expected
    do
      local session <close> = insist(function()
        return tracker:session { server_url = "http://127.0.0.1:" .. proxy.port, timeout = timeout }
      end)
      expected = work(session, marker)
      assert.same({}, session.created)
      assert.same({}, session.modified)
      assert.same({}, session.deleted)
    end
    local session <close> = tracker:session()
    assert.same(expected, find(session, marker))
    assert(proxy.count < REQUESTS_MAX, ("the script made %d requests"):format(proxy.count))
    return proxy.count, proxy.spoilt
  end

  for _, fault in ipairs(fault_proxy.FAULTS) do
    local timeout = fault == "delay" and TIMEOUT_DELAY or PATIENCE

    it(("survives %s of any request"):format(fault), function()
      local numbers = {}
      for number = 1, check({}, PATIENCE) do numbers[number] = number end
      assert.is_true(#numbers >= REQUESTS_MIN)
      moonshift.parallel(numbers, { limit = AT_ONCE }, function(number)
        local _, spoilt = check({ [number] = fault }, timeout)
        assert.equal(1, spoilt)
      end)
    end)

    it(("survives %s of many requests"):format(fault), function()
      moonshift.parallel(PHASES, { limit = AT_ONCE }, function(phase)
        local _, spoilt = check(many(fault, phase), timeout)
        assert.is_true(spoilt >= REQUESTS_MIN // 3)
      end)
    end)
  end

  it("is compared with all that the server has", function()
    local session <close> = tracker:session()
    local expected = work(session, "seen")
    assert.same(expected, find(session, "seen"))
    local job = session:create("Job", { data = "seen twice", user = session:query("User"):first() })
    session:commit()
    assert.not_same(expected, find(session, "seen"))
    session:delete(job)
    session:commit()
    assert.same(expected, find(session, "seen"))
    job = session:get("Job", (next(expected)))
    job.status = "failed"
    session:commit()
    assert.not_same(expected, find(session, "seen"))
    job.status = expected[job.id].status
    job.user.metadata.removed = "no"
    session:commit()
    assert.not_same(expected, find(session, "seen"))
  end)

  it("says so when the server stays away", function()
    local ok, problem = pcall(tracker.session, tracker, { server_url = "http://127.0.0.1:9" })
    assert.is_false(ok)
    assert.equal("network", problem.code)
  end)
end)
