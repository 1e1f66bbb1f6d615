--- Runs busted on spec files inside the host: moonshift run tests/lua/run.lua FILE…
---
--- Specs may require "support" (beside this file) and what is beside them. They run with a home of their
--- own, which goes away afterwards, and without our variables. After each test and each file, whatever was
--- opened in it must be closed: see helper.lua.

local support = require "support"
local system = require "moonshift.core.system"
local uv = require "luv"

local KEPT = { MOONSHIFT_LONG = true } -- how thorough specs are
for name in pairs(uv.os_environ()) do
  local ours = name:find "^FTRACK_" or name:find "^MOONSHIFT_" or name:find "^XDG_"
  local is_proxy = name:lower():find "_proxy$" -- which would stand before our own servers
  if is_proxy or ours and not KEPT[name] then system.set_environment(name) end
end
local home <close> = support.folder()
system.set_environment("HOME", home.path)

for _, path in ipairs { ... } do package.path = (path:match "^(.*)/" or ".") .. "/?.lua;" .. package.path end
local own_folder = arg[0]:match "^(.*)/[^/]*$" or "."
arg = { "--output=plainTerminal", "--helper=" .. own_folder .. "/helper.lua", ... }
require "busted.runner" { standalone = false }
