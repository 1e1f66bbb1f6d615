-- A scripted session through a proxy that spoils one request after the other: afterwards the server has exactly what
-- the script's view says.

local support = require "support"
local trackers = require "trackers"

local FAULTS = { "drop_request", "drop_answer", "truncate", "corrupt", "html", "duplicate", "delay" }
local REQUESTS = 8 -- at least as many as the script makes
local TRIES = 12

-- Seconds to wait for an answer: short where none comes, otherwise as long as a busy machine may take.
local TIMEOUTS = { delay = 2 }
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

-- What the script does, and its view of the jobs at the end.
local function work(session, marker)
  local user = insist(function() return session:query('User where username is "worker"'):one() end)
  local first = session:create("Job", { user = user, data = marker .. " first" })
  local second = session:create("Job", { user = user, data = marker .. " second" })
  insist(function() session:commit() end)
  first.status = "running"
  insist(function() session:commit() end)
  first.status = "done"
  session:delete(second)
  local third = session:create("Job", { user = user, data = marker .. " third", status = "failed" })
  insist(function() session:commit() end)
  session:delete(third)
  insist(function() session:commit() end)
  return { [first.id] = first.status .. " " .. first.data }
end

local function view(session, marker)
  local jobs = {}
  local found = session:query("select status, data from Job where data like {data}", { data = marker .. "%" })
  for _, job in found:iterate() do
    jobs[job.id] = job.status .. " " .. job.data
  end
  return jobs
end

describe("a session over a bad line", function()
  local tracker
  setup(function()
    tracker = trackers.start "http"
    local session <close> = tracker:session()
    session:ensure("User", { username = "worker" })
  end)
  teardown(function() tracker:close() end)

  -- Runs the script with a fault at every second request from `start` on.
  local function check(fault, start)
    local plan = {}
    for number = start, REQUESTS, 2 do plan[#plan + 1] = ("%d:%s"):format(number, fault) end
    local proxy <close> = support.start {
      "run", "tests/lua/fault_proxy.lua", tracker.options.server_url:match ":(%d+)$", table.concat(plan, ","),
    }
    local port = proxy:wait_for "listening on (%d+)"
    local marker = ("%s %d"):format(fault, start)
    local expected
    do
      local session <close> = insist(function()
        return tracker:session { server_url = "http://127.0.0.1:" .. port, timeout = TIMEOUTS[fault] or PATIENCE }
      end)
      expected = work(session, marker)
      assert.same({}, session.created)
      assert.same({}, session.modified)
      assert.same({}, session.deleted)
    end
    local session <close> = tracker:session()
    assert.same(expected, view(session, marker))
  end

  for _, fault in ipairs(FAULTS) do
    for start = 1, 2 do
      it(("survives %s from request %d on"):format(fault, start), function() check(fault, start) end)
    end
  end

  it("says so when the server stays away", function()
    local ok, problem = pcall(tracker.session, tracker, { server_url = "http://127.0.0.1:9" })
    assert.is_false(ok)
    assert.equal("network", problem.code)
  end)
end)
