--- A line that shows how far a transfer is: redrawn in place on a terminal, silent elsewhere.

local uv = require "luv"
local text = require "moonshift.text"

---@class moonshift.transfer_bar
local transfer_bar = {}

local WIDTH = 20
local CLEAR = "\r\27[K"

local function is_terminal()
  return uv.guess_handle(2) == "tty"
end

local function rate(done, started)
  local seconds = (uv.hrtime() - started) / 1e9
  return seconds > 0.5 and ("  %s/s"):format(text.size(done / seconds)) or ""
end

local function remaining(done, total, started)
  local seconds = (uv.hrtime() - started) / 1e9
  if done == 0 or seconds < 2 then return "" end
  return ("  %s left"):format(text.duration(seconds * (total - done) / done))
end

--- A bar for one transfer; close it.
---@param label string
---@return { update: fun(done: integer, total: integer), done: fun(line: string) }
function transfer_bar.new(label)
  local shown, started, drawn = is_terminal(), uv.hrtime(), false
  local bar = {}
  local function clear()
    if drawn then io.stderr:write(CLEAR) end
    drawn = false
  end
  function bar.update(done, total)
    if not shown or total <= 0 then return end
    local filled = math.floor(WIDTH * done / total)
    io.stderr:write(CLEAR, text.fit(label, 30), "  ", ("█"):rep(filled), ("░"):rep(WIDTH - filled),
      ("  %3d %%"):format(100 * done // total), rate(done, started), remaining(done, total, started))
    drawn = true
  end
  function bar.done(line)
    clear()
    print(line)
  end
  return setmetatable(bar, { __close = clear })
end

return transfer_bar
