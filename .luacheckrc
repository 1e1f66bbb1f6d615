-- Checked by the test lint.luacheck.
std = "lua54"
max_line_length = 120
codes = true
cache = false

-- luacheck does not know that a <close> variable is used by being there.
ignore = { "211/closing", "211/file", "211/telling", "211/watch" }

-- Specs use busted's names.
files["tests/lua/*_spec.lua"] = { std = "+busted" }
files["tests/program/*_spec.lua"] = { std = "+busted" }
files["tests/lua/run.lua"] = { globals = { "arg" } }
-- Annotations of what is written in C: functions without bodies.
files["lua/meta"] = { ignore = { "212", "241" } }
