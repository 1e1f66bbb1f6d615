--- A busted helper: modules that specs share may use busted's words, and a test fails when it leaves a
--- handle of the loop, a file or a socket open.

local busted = require "busted"
local system = require "moonshift.core.system"
local task = require "moonshift.task"
local uv = require "luv"

local SETTLE_TURNS = 20

for _, word in ipairs { "describe", "it", "pending", "setup", "teardown", "before_each", "after_each" } do
  rawset(_G, word, busted[word])
end

-- Open files and sockets: descriptor to what it is. Pipes and the like are the loop's own. A file is told by its
-- inode: one that was open before, such as the log of whoever runs us, may be given another name meanwhile.
local function open_files()
  local found = {}
  for number in uv.fs_scandir_next, uv.fs_scandir "/proc/self/fd" do
    local path = "/proc/self/fd/" .. number
    local target, status = uv.fs_readlink(path) or "", uv.fs_stat(path)
    if status and (target:find "^socket:" or (target:find "^/" and not target:find "^/dev/")) then
      found[number] = { target = target, id = ("%d:%d"):format(status.dev, status.ino) }
    end
  end
  return found
end

local function snapshot()
  return { handles = system.handles(), files = open_files() }
end

local function count(list)
  local counts = {}
  for _, name in ipairs(list) do counts[name] = (counts[name] or 0) + 1 end
  return counts
end

-- What is there after, and was not before.
local function difference(before, after)
  local left = {}
  local handles = count(before.handles)
  for name, number in pairs(count(after.handles)) do
    local more = number - (handles[name] or 0)
    if more > 0 then left[#left + 1] = ("%d × %s"):format(more, name) end
  end
  for number, file in pairs(after.files) do
    local was = before.files[number]
    if not was or was.id ~= file.id then left[#left + 1] = file.target end
  end
  return left
end

-- What was closed is gone after a turn or two of the loop.
local function settle(before)
  local left
  for _ = 1, SETTLE_TURNS do
    task.sleep(0)
    left = difference(before, snapshot())
    if #left == 0 then break end
    task.sleep(0.01)
  end
  return left
end

local function watch(kind)
  local before
  busted.subscribe({ kind, "start" }, function()
    before = snapshot()
    return nil, true
  end)
  busted.subscribe({ kind, "end" }, function(element)
    collectgarbage()
    collectgarbage()
    local left = settle(before)
    if #left > 0 then
      local message = ("left open by the %s: %s"):format(kind, table.concat(left, ", "))
      busted.publish({ "error", element.descriptor }, element, busted.parent(element), message, nil)
    end
    return nil, true
  end)
end

watch "test"
watch "file"
