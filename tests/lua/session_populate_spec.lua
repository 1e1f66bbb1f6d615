-- How many requests reading costs.

local core = require "moonshift.core.session"
local moonshift = require "moonshift"
local trackers = require "trackers"

-- Counts the requests of `f`.
local function requests(f)
  local count, fetch = 0, core.fetch
  core.fetch = function(...)
    count = count + 1
    return fetch(...)
  end
  local ok, problem = pcall(f)
  core.fetch = fetch
  if not ok then error(problem, 0) end
  return count
end

trackers.describe("auto-population", function(test, tracker_of)
  test("fetches what is missing for all of a result", function(session)
    local user = session:ensure("User", { username = "many" }, { "username" })
    for i = 1, 20 do session:create("Job", { user = user, data = tostring(i) }) end
    session:commit()
    session:reset()
    local jobs = session:query('Job where user.username is "many"'):all()
    assert.equal(20, #jobs)
    assert.equal(1, requests(function()
      for _, job in ipairs(jobs) do assert.is_string(job.data) end
    end))
    assert.equal(2, requests(function()
      for _, job in ipairs(jobs) do assert.equal("many", job.user.username) end
    end))
    assert.equal(1, requests(function()
      for _, job in ipairs(jobs) do assert.equal(0, #job.job_components) end
    end))
    assert.equal(0, requests(function()
      for _, job in ipairs(jobs) do
        assert.equal(user.id, job.user_id)
        assert.equal(0, #job.job_components)
      end
    end))
  end)

  test("asks once for what is null", function(session)
    local user = session:ensure("User", { username = "empty" }, { "username" })
    session:reset()
    user = session:get("User", user.id)
    assert.equal(1, requests(function()
      assert.is_nil(user.email)
      assert.is_nil(user.email)
    end))
  end)

  test("can be switched off", function(session)
    local user = session:ensure("User", { username = "off" }, { "username" })
    session:reset()
    user = session:get("User", user.id)
    assert.equal(0, requests(function()
      session:auto_populating(false, function()
        assert.is_nil(user.username)
        assert.is_nil(user.metadata)
      end)
    end))
    assert.equal("off", user.username)
  end)

  test("is switched off for one task alone", function(session)
    local user = session:ensure("User", { username = "own", email = "own@example.com" }, { "username" })
    local id = user.id
    session:reset()
    user = session:get("User", id)
    local off = moonshift.spawn(session.auto_populating, session, false, function()
      moonshift.sleep(0.02)
      return user.email
    end)
    moonshift.sleep(0.01)
    assert.is_nil(session:auto_populating(false, function() return user.email end))
    assert.equal("own", user.username)
    assert.is_nil(off:wait())
    assert.equal("own@example.com", user.email)
    assert.is_false((pcall(session.auto_populating, session, function() end)))
  end)

  test("is done by hand for many paths at once", function(session)
    local user = session:ensure("User", { username = "hand" }, { "username" })
    for _ = 1, 3 do session:create("Job", { user = user }) end
    session:commit()
    session:reset()
    local jobs = session:query('Job where user.username is "hand"'):all()
    assert.equal(1, requests(function() session:populate(jobs, "status, created_at, user.username") end))
    assert.equal(0, requests(function()
      for _, job in ipairs(jobs) do
        assert.equal("queued", job.status)
        assert.equal("hand", job.user.username)
      end
    end))
    assert.is_false((pcall(session.populate, session, jobs, "sttaus")))
    assert.is_false((pcall(session.populate, session, jobs, "")))
  end)

  test("says when the server does not know an entity any more", function(session)
    local user = session:ensure("User", { username = "gone" }, { "username" })
    session:reset()
    user = session:get("User", user.id)
    local other <close> = tracker_of():session()
    other:delete(other:get("User", user.id))
    other:commit()
    local ok, problem = pcall(function() return user.email end)
    assert.is_false(ok)
    assert.equal("not_found", problem.code)
  end)
end)
