--- Progress that a command prints, read from the end of its output.
---
--- `moonshift::progress 0.4 Encoding` on a line of its own, or a JSON line with the key
--- "moonshift_progress" (a fraction) and optionally "phase".

---@class moonshift.progress
local progress = {}

local STAMP = "^%d+%-%d+%-%d+T%d+:%d+:%d+Z " -- the log's time in front of a line

-- Each takes a line and returns fraction and phase, or nothing.
local readers = {
  function(line)
    local fraction, phase = line:match "^moonshift::progress%s+([%d.]+)%s*(.*)$"
    return tonumber(fraction), phase ~= "" and phase or nil
  end,
  function(line)
    if not line:find('"moonshift_progress"', 1, true) then return nil end
    local fraction = line:match '"moonshift_progress"%s*:%s*([%d.]+)'
    return tonumber(fraction), line:match '"phase"%s*:%s*"([^"\\]*)"'
  end,
}

--- What the last line that tells progress says.
---@param output string The end of a command's output.
---@return number? fraction
---@return string? phase
function progress.read(output)
  if not output:find("moonshift", 1, true) then return nil end
  local last, last_phase
  for line in output:gmatch "[^\n]+" do
    line = line:gsub(STAMP, "")
    for _, read in ipairs(readers) do
      local fraction, phase = read(line)
      if fraction then last, last_phase = fraction, phase end
    end
  end
  return last, last_phase
end

return progress
