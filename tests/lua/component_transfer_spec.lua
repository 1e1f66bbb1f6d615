--- Bytes of components over HTTP: in parts, gone on with after a break, verified.

local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local paths = require "moonshift.paths"
local support = require "support"
local task = require "moonshift.task"
local trackers = require "trackers"
local upload = require "moonshift.upload"
local uv = require "luv"

local PART = 64 * 1024

-- Bytes that differ from place to place.
local function bytes(size, seed)
  local lines = {}
  for i = 1, size // 500 + 1 do lines[i] = ("%d %d "):format(seed or 1, i) .. ("."):rep(500) end
  return table.concat(lines):sub(1, size)
end

local function url_of(session, component)
  local url = session:query(('select url from ComponentLocation where component_id is "%s"')
    :format(component.id)):one().url
  return url.url or url.value
end

describe("a component's bytes", function()
  local tracker, folder
  setup(function() tracker, folder = trackers.start_for_parts(PART) end)
  teardown(function() trackers.end_parts(tracker, folder) end)

  local function incoming()
    return support.entries(tracker.folder.path .. "/blobs/.incoming")
  end

  local function round_trip(session, data, name)
    local path = support.write(folder.path .. "/" .. name, data)
    local component = session:create_component(path)
    local back = support.folder()
    local _ <close> = back
    local copy, size = session:download(component, back.path)
    assert.equal(#data, size)
    assert.is_true(data == support.read(copy))
    assert.same({ copy:match "[^/]*$" }, support.entries(back.path))
    return component
  end

  it("come back as they were, whatever their number", function()
    local session <close> = tracker:session()
    for _, size in ipairs { 0, 1, PART - 1, PART, 2 * PART, 2 * PART + 1, 3 * PART, 7 * PART + 17 } do
      assert.equal(size, round_trip(session, bytes(size, size + 1), ("of-%d.bin"):format(size)).size)
    end
    assert.same({}, incoming())
    assert.same({}, support.entries(paths.find("state", "transfers")))
  end)

  it("have progress that rises to their number", function()
    local session <close> = tracker:session()
    local path = support.write(folder.path .. "/progress.bin", bytes(5 * PART))
    local last = 0
    session:create_component(path, nil, nil, { progress = function(done, total)
      assert.equal(5 * PART, total)
      assert.is_true(done >= last)
      last = done
    end })
    assert.equal(5 * PART, last)
  end)

  it("are sent from where an upload broke off", function()
    local session <close> = tracker:session()
    local data = bytes(6 * PART + 5, 77)
    local path = support.write(folder.path .. "/resumed.bin", data)
    local sent = 0
    local uploading = task.spawn(function()
      return session:create_component(path, nil, nil, { progress = function(done) sent = done end })
    end)
    while sent < 2 * PART do task.sleep(0.001) end
    uploading:cancel()
    uploading:join()
    local remembered = support.entries(paths.find("state", "transfers"))
    if uploading:status() == "failed" then
      assert.equal(1, #remembered)
      local id = upload.interrupted(session, path)
      local component = session:create_component(path)
      assert.equal(id, component.id)
      local _, moved = core.download { session = session, url = url_of(session, component) }
      assert.equal(#data, moved.total)
    end
    assert.same({}, support.entries(paths.find("state", "transfers")))
    assert.same({}, incoming())
  end)

  it("of a file that changed since begin anew", function()
    local session <close> = tracker:session()
    local path = support.write(folder.path .. "/changed.bin", bytes(6 * PART, 5))
    local sent = 0
    local uploading = task.spawn(function()
      session:create_component(path, nil, nil, { progress = function(done) sent = done end })
    end)
    while sent < PART do task.sleep(0.001) end
    uploading:cancel()
    uploading:join()
    local data = bytes(6 * PART, 6)
    support.write(path, data)
    round_trip(session, data, "changed.bin")
  end)

  it("of a file that grows while it is sent are refused", function()
    local session <close> = tracker:session()
    local path = support.write(folder.path .. "/growing.bin", bytes(40 * PART))
    local grown = false
    local ok, err = pcall(session.create_component, session, path, nil, nil, { progress = function()
      if grown then return end
      grown = true
      local file <close> = assert(io.open(path, "ab"))
      file:write "more"
    end })
    assert.is_true(grown)
    assert.is_false(ok)
    assert.equal("io", errors.code(err))
    assert.matches("changed while it was uploaded", errors.message(err))
  end)

  it("are fetched from where a download broke off", function()
    local session <close> = tracker:session()
    local data = bytes(9 * 1024 * 1024, 3)
    local component = session:create_component(support.write(folder.path .. "/large.bin", data))
    local target <close> = support.folder()
    local partial = ("%s/.moonshift-%s.part"):format(target.path, component.id)
    local fetched = 0
    local fetching = task.spawn(function()
      session:download(component, target.path, { progress = function(done) fetched = done end })
    end)
    while fetched < #data // 4 do task.sleep(0.001) end
    fetching:cancel()
    fetching:join()
    if fetching:status() == "failed" then assert.is_truthy(uv.fs_stat(partial .. ".json")) end
    local first
    local path = session:download(component, target.path, { progress = function(done) first = first or done end })
    assert.is_true(data == support.read(path))
    assert.is_true(fetching:status() ~= "failed" or first >= #data // 4)
    assert.same({ "large.bin" }, support.entries(target.path))
  end)

  it("need not be fetched again when their checksum was being taken", function()
    local session <close> = tracker:session()
    local data = bytes(9 * 1024 * 1024, 5)
    local component = session:create_component(support.write(folder.path .. "/checked.bin", data))
    local target <close> = support.folder()
    local checksum, download, fetched = core.checksum, core.download, 0
    local _ <close> = setmetatable({}, { __close = function()
      core.checksum, core.download = checksum, download
    end })
    core.checksum = function()
      local object = { advance = function() end, finish = function() errors.raise("cancelled", "stopped") end }
      return setmetatable(object, { __close = function() end })
    end
    local ok, err = pcall(session.download, session, component, target.path)
    assert.same({ false, "cancelled" }, { ok, errors.code(err) })
    core.checksum = checksum
    core.download = function(request)
      if request.path then fetched = fetched + 1 end
      return download(request)
    end
    assert.is_true(data == support.read((session:download(component, target.path))))
    assert.equal(0, fetched)
    assert.same({ "checked.bin" }, support.entries(target.path))
  end)

  it("are fetched by several at a time into one folder", function()
    local session <close> = tracker:session()
    local data = bytes(9 * 1024 * 1024, 8)
    local component = session:create_component(support.write(folder.path .. "/wanted.bin", data))
    local target <close> = support.folder()
    task.parallel({ 1, 2, 3 }, function() session:download(component, target.path) end)
    assert.same({ "wanted.bin" }, support.entries(target.path))
    assert.is_true(data == support.read(target.path .. "/wanted.bin"))
  end)

  it("are fetched anew when what is there is of other data, and when it is wrong", function()
    local session <close> = tracker:session()
    local data = bytes(9 * 1024 * 1024, 4)
    local component = session:create_component(support.write(folder.path .. "/other.bin", data))
    local _, moved = core.download { session = session, url = url_of(session, component) }
    for _, etag in ipairs { "another", moved.etag } do
      local target <close> = support.folder()
      local partial = ("%s/.moonshift-%s.part"):format(target.path, component.id)
      support.write(partial, ("x"):rep(#data))
      local part = math.tointeger(tonumber(moved.checksum:match "^%d+"))
      local done = ("%d"):format(part) .. (",%d"):format(part):rep(#data // part - 1)
      support.write(partial .. ".json", ('{"etag": "%s", "total": %d, "part": %d, "done": [%s]}')
        :format(etag, #data, part, done))
      local ok, path = pcall(session.download, session, component, target.path)
      if etag == moved.etag then
        assert.matches("arrived changed", errors.message(path), 1, true)
        ok, path = true, session:download(component, target.path)
      end
      assert.is_true(ok)
      assert.is_true(data == support.read(path))
      assert.same({ "other.bin" }, support.entries(target.path))
    end
  end)
end)
