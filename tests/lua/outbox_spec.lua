local cjson = require "cjson"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local outbox = require "moonshift.outbox"
local outbox_list = require "moonshift.outbox_list"
local placeholder = require "moonshift.placeholder"
local support = require "support"
local system = require "moonshift.core.system"
local task = require "moonshift.task"
local uv = require "luv"

-- ---- a tracker of our own, that can be away --------------------------------------------------------

local Tracker = {}
Tracker.__index = Tracker

local function new_tracker()
  return setmetatable({
    name = "http://tracker.example",
    api_user = "ada",
    rows = {},  -- "Type key" → attributes
    done = {},  -- what was changed, in order
    calls = 0,
    slow = {},  -- job ids whose operations time out
  }, Tracker)
end

local ACTIONS = {}

function ACTIONS.query(tracker, operation)
  local entity_type, value = operation.expression:match 'from (%w+) where [%w_]+ is "(.-)"'
  return { data = { tracker.rows[entity_type .. " " .. value] } }
end

function ACTIONS.query_server_information() return {} end

function ACTIONS.create(tracker, operation)
  local name = operation.entity_type .. " " .. operation.entity_key[1]
  if tracker.rows[name] then errors.raise("exists", name .. " exists") end
  tracker.rows[name] = operation.entity_data
  table.insert(tracker.done, "create " .. name)
  return {}
end

function ACTIONS.update(tracker, operation)
  local name = operation.entity_type .. " " .. operation.entity_key[1]
  local row = tracker.rows[name]
  if not row then errors.raise("not_found", name .. " is not here") end
  for key, value in pairs(operation.entity_data) do row[key] = value end
  table.insert(tracker.done, "update " .. name)
  return {}
end

function Tracker:call(operations)
  self.calls = self.calls + 1
  if self.away then errors.raise(self.away, "cannot reach the tracker") end
  local results = {}
  for i, operation in ipairs(operations) do
    if operation.entity_key and self.slow[operation.entity_key[1]] then errors.raise("timeout", "no answer") end
    results[i] = ACTIONS[operation.action](self, operation)
  end
  if self.loses_answers and operations[1].action ~= "query" then errors.raise("network", "the line broke") end
  return results
end

-- ---- operations ------------------------------------------------------------------------------------

local function create(id, username)
  return { {
    action = "create", entity_type = "Job", entity_key = { id },
    entity_data = { id = id, status = "running", user_id = placeholder.user_id(username or "ada"), data = "{}" },
  } }
end

local function update(id, data)
  return { {
    action = "update", entity_type = "Job", entity_key = { id },
    entity_data = { status = "done", data = placeholder.merged(data or {}) },
  } }
end

describe("a file's checksum", function()
  it("is its MD5, with its size", function()
    local folder <close> = support.folder()
    local path = support.write(folder.path .. "/file", "abc")
    assert.same({ "900150983cd24fb0d6963f7d28e17f72", 3 }, { core.checksum(path) })
  end)

  it("says which file cannot be read", function()
    local ok, err = pcall(core.checksum, "/no/such/file")
    assert.is_false(ok)
    assert.equal("not_found", errors.code(err))
    assert.matches("/no/such/file", errors.message(err))
  end)

  it("may be given up", function()
    local folder <close> = support.folder()
    local path = support.write(folder.path .. "/file", "")
    local file <close> = assert(io.open(path, "r+b"))
    file:seek("set", 1 << 36) -- 64 GiB with nothing in them
    file:write "x"
    file:flush()
    local ok, err = pcall(task.timeout, 0.05, core.checksum, path)
    assert.is_false(ok)
    assert.equal("timeout", errors.code(err))
  end)
end)

describe("the outbox", function()
  local folder, tracker

  local function send(operations, id)
    return outbox.send(tracker, operations, { job_id = id or "j1", title = "about " .. (id or "j1") })
  end

  -- What a process that starts later sees: nothing of the rest that this one takes.
  local function come_back()
    local rows, done = tracker.rows, tracker.done
    tracker = new_tracker()
    tracker.rows, tracker.done = rows, done
  end

  before_each(function()
    folder = support.folder()
    system.set_environment("XDG_STATE_HOME", folder.path)
    tracker = new_tracker()
    tracker.rows["User ada"] = { id = "u1" }
  end)

  after_each(function()
    system.set_environment "XDG_STATE_HOME"
    local closing <close> = folder
  end)

  it("is not even made while the tracker answers", function()
    assert.equal("sent", send(create "j1"))
    assert.equal("sent", send(update "j1"))
    assert.same({ "create Job j1", "update Job j1" }, tracker.done)
    assert.is_nil(uv.fs_stat(folder.path .. "/moonshift/outbox.db"))
  end)

  it("keeps what could not be told, and delivers it in order", function()
    tracker.away = "network"
    assert.equal("journalled", send(create "j1"))
    assert.equal("journalled", send(create("j2"), "j2"))
    assert.equal("journalled", send(update("j1", { reason = "x", exit_code = 3 })))
    assert.same({ 3, 0 }, { outbox.count(tracker) })
    assert.same({ 2, 0 }, { outbox.count(tracker, "j1") })
    come_back()
    assert.same({ delivered = 3, refused = 0 }, outbox.deliver(tracker))
    assert.same({ "create Job j1", "create Job j2", "update Job j1" }, tracker.done)
    assert.equal("u1", tracker.rows["Job j1"].user_id)
    assert.same({ reason = "x", exit_code = 3 }, cjson.decode(tracker.rows["Job j1"].data))
    assert.same({ 0, 0 }, { outbox.count(tracker) })
  end)

  it("lays our data over what others wrote meanwhile", function()
    send(create "j1")
    tracker.away = "timeout"
    send(update("j1", { progress = 1 }))
    come_back()
    tracker.rows["Job j1"].data = '{"note":"theirs","progress":0.5}'
    outbox.deliver(tracker)
    assert.same({ note = "theirs", progress = 1 }, cjson.decode(tracker.rows["Job j1"].data))
  end)

  it("puts news behind earlier ones, and tells both when it can", function()
    tracker.away = "network"
    send(create "j1")
    come_back()
    assert.equal("sent", send(update "j1"))
    assert.same({ "create Job j1", "update Job j1" }, tracker.done)
  end)

  it("does not ask again at once a tracker that did not answer", function()
    tracker.away = "network"
    send(create "j1")
    local calls = tracker.calls
    send(update "j1")
    assert.equal(calls, tracker.calls)
  end)

  it("raises what the tracker refuses when it is told directly", function()
    local ok, err = pcall(send, create("j1", "bob"))
    assert.is_false(ok)
    assert.matches("no user 'bob'", errors.message(err))
    assert.same({ 0, 0 }, { outbox.count(tracker) })
  end)

  it("keeps a refused entry with the tracker's words, and goes on with the others", function()
    tracker.away = "network"
    send(create("j1", "bob"))
    send(create("j2"), "j2")
    come_back()
    assert.same({ delivered = 1, refused = 1 }, outbox.deliver(tracker))
    assert.same({ 0, 1 }, { outbox.count(tracker) })
    local entry = outbox.list()[1]
    assert.is_true(entry.refused)
    assert.matches("no user 'bob'", entry.error)
    assert.matches("refused.*about j1\n.*no user 'bob'", outbox_list.format { entry })
    tracker.rows["User bob"] = { id = "u2" }
    outbox.retry(entry)
    assert.equal(1, outbox.deliver(tracker).delivered)
    assert.equal("u2", tracker.rows["Job j1"].user_id)
  end)

  it("drops what nobody wants", function()
    tracker.away = "network"
    send(create "j1")
    outbox.drop(outbox.list()[1])
    assert.same({}, outbox.list())
  end)

  it("has one effect when only the answer was lost", function()
    tracker.loses_answers = true
    assert.equal("journalled", send(create "j1"))
    assert.same({ "create Job j1" }, tracker.done)
    come_back()
    assert.same({ delivered = 1, refused = 0 }, outbox.deliver(tracker))
    assert.same({ "create Job j1" }, tracker.done)
  end)

  it("sends the rest of a batch that was done in part", function()
    tracker.away = "network"
    send { create("j1")[1], create("j2")[1] }
    come_back()
    tracker.rows["Job j1"] = {}
    assert.equal(1, outbox.deliver(tracker).delivered)
    assert.same({ "create Job j2" }, tracker.done)
  end)

  it("is not held up by one job that always times out", function()
    tracker.away = "network"
    send(create "j1")
    send(create("j2"), "j2")
    come_back()
    tracker.slow.j1 = true
    local result = outbox.deliver(tracker)
    assert.equal(1, result.delivered)
    assert.equal("timeout", errors.code(result.problem))
    assert.same({ "create Job j2" }, tracker.done)
    assert.equal(0, outbox.deliver(tracker).delivered) -- not due yet
    tracker.slow = {}
    assert.equal(1, outbox.deliver(tracker, { hurry = true }).delivered)
  end)

  it("stops when the tracker is away again", function()
    tracker.away = "network"
    for i = 1, 5 do send(create("j" .. i), "j" .. i) end
    come_back()
    tracker.away = "network"
    local result = outbox.deliver(tracker)
    assert.equal(0, result.delivered)
    assert.equal(2, tracker.calls) -- the first entry, and whether it answers at all
    assert.same({ 5, 0 }, { outbox.count(tracker) })
  end)

  it("waits on when the key is wrong", function()
    tracker.away = "network"
    send(create "j1")
    come_back()
    tracker.away = "authentication"
    outbox.deliver(tracker)
    assert.same({ 1, 0 }, { outbox.count(tracker) })
  end)

  it("delivers an entry once when two deliver at a time", function()
    tracker.away = "network"
    send(create "j1")
    send(create("j2"), "j2")
    come_back()
    local call = Tracker.call
    function tracker:call(operations)
      task.sleep(0.01)
      return call(self, operations)
    end
    local other = task.spawn(outbox.deliver, tracker)
    local results = { outbox.deliver(tracker), other:wait() }
    assert.equal(2, results[1].delivered + results[2].delivered)
    assert.is_true(results[1].busy or results[2].busy)
    assert.same({ "create Job j1", "create Job j2" }, tracker.done)
  end)

  it("leaves to others what is theirs", function()
    tracker.away = "network"
    send(create "j1")
    come_back()
    tracker.api_user = "grace"
    assert.equal(0, outbox.deliver(tracker).delivered)
    assert.matches("1 operation for http://tracker.example %(user ada%)",
      outbox_list.others(outbox.list(), tracker)[1])
  end)

  it("refuses what it does not understand", function()
    local journal <close> = core.journal(folder.path .. "/moonshift")
    local function append(kind, body)
      journal:append {
        tracker = tracker.name, user = "ada", job_id = "j1", kind = kind, title = "t", body = body,
      }
    end
    append("telegram", "{}")
    append("call", "{cut")
    assert.same({ delivered = 0, refused = 2 }, outbox.deliver(tracker))
    assert.matches("telegram", outbox.list()[1].error)
  end)

  it("says so when the state folder cannot be written", function()
    tracker.away = "network"
    support.write(folder.path .. "/moonshift", "a file where the folder should be")
    local ok, err = pcall(send, create "j1")
    assert.is_false(ok)
    assert.matches("moonshift", errors.message(err))
    assert.is_not_nil(uv.fs_unlink(folder.path .. "/moonshift"))
  end)

  it("takes a new journal where the old one is broken", function()
    support.write(folder.path .. "/moonshift/outbox.db", ("x"):rep(5000))
    tracker.away = "network"
    assert.equal("journalled", send(create "j1"))
    assert.same({ 1, 0 }, { outbox.count(tracker) })
  end)
end)
