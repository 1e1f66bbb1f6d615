--- Start-up: an empty script, and a session on the embedded tracker, beside the plain Lua interpreter.

local measure = require "measure"

local program = require "moonshift.core.system".program()
local folder <close> = measure.folder()
local environment = { MOONSHIFT_DATA = folder.path .. "/data", XDG_STATE_HOME = folder.path .. "/state" }

local function script(name, source)
  local path = folder.path .. "/" .. name
  local file <close> = assert(io.open(path, "w"))
  file:write(source)
  return path
end

local empty = script("empty.lua", "")
local session = script("session.lua", 'local session <close> = require "moonshift".session()\n'
  .. 'assert(session:query("User"):first())\n')

measure.pair("start of an empty script",
  { name = "moonshift run empty.lua", arguments = { program, "run", empty }, environment = environment },
  { name = "lua5.4 -e ''", arguments = { "lua5.4", "-e", "" } })
measure.pair("process start to a session's first answer",
  { name = "moonshift run session.lua", arguments = { program, "run", session }, environment = environment },
  { name = "lua5.4 -e ''", arguments = { "lua5.4", "-e", "" } })
