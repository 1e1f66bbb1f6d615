--- Begin a script: a file to change, and settings for the editor.
---
--- Usage: moonshift new NAME
---
--- Writes NAME.lua, a script that runs as it is, and, where there is none, .luarc.json, which tells
--- lua-language-server about moonshift. Nothing that exists is overwritten. `moonshift run NAME.lua` runs it;
--- in a folder of MOONSHIFT_PATH it becomes the verb NAME.
---
--- Example:
---   moonshift new nightly
---
--- Sample output:
---   wrote nightly.lua and .luarc.json

local cjson = require "cjson"
local errors = require "moonshift.errors"
local options = require "moonshift.options"
local system = require "moonshift.core.system"
local uv = require "luv"

local TEMPLATE = [==[
--- What this script is for, in one line.
---
--- Usage: moonshift NAME [PROJECT]

local moonshift = require "moonshift"

local session <close> = moonshift.session()
local job <close> = session:job { description = "NAME" }

local tasks = session:query("Task where project.name like {name}", { name = (...) or "%" }):all()
for i, task in ipairs(tasks) do
  job:progress(i / #tasks, task.name)
  print(task.name, task.status.name)
end
]==]

-- Where this program's annotations are, relative to the program: installed, or in a source tree.
local LIBRARIES = { "/../share/moonshift/lua", "/../lua", "/../../lua" }

local given = options.parse { verb = "new", arguments = { ... }, spec = {} }
local name = given[1] and given[1]:gsub("%.lua$", "")
if not name or given[2] then options.fail("new", "give one name for the script") end
if not name:match "([^/]*)$":find "^[%w_-]+$" then
  options.fail("new", ("'%s' is no name for a script: use letters, digits, - and _"):format(name))
end

local function write(path, text)
  if uv.fs_stat(path) then errors.raise("exists", ("'%s' exists already; nothing was written"):format(path)) end
  local file, problem = io.open(path, "w")
  if not file then errors.raise("io", problem) end
  file:write(text)
  file:close()
end

local function library()
  local folder = system.program():match "^(.*)/"
  for _, path in ipairs(LIBRARIES) do
    local found = uv.fs_realpath(folder .. path)
    if found and uv.fs_stat(found .. "/meta") then return found end
  end
end

-- Every attribute may be nil: to be warned of it at each step of task.status.name helps nobody.
local function editor_settings()
  local folder = library()
  local lines = {
    '  "runtime.version": "Lua 5.4"', '  "workspace.checkThirdParty": false',
    '  "diagnostics.disable": ["need-check-nil"]',
  }
  if folder then lines[#lines + 1] = ('  "workspace.library": [%s]'):format((cjson.encode(folder):gsub("\\/", "/"))) end
  return "{\n" .. table.concat(lines, ",\n") .. "\n}\n"
end

local path = name .. ".lua"
write(path, (TEMPLATE:gsub("NAME", (name:match "([^/]*)$"))))
local settings = (name:match "^(.*/)" or "") .. ".luarc.json"
if uv.fs_stat(settings) then
  print("wrote " .. path)
else
  write(settings, editor_settings())
  print(("wrote %s and %s"):format(path, settings))
end
