--- How the outbox reads: its entries by tracker and user, a line each.

local text = require "moonshift.text"

---@class moonshift.outbox_list
local outbox_list = {}

local TITLE_WIDTH = 70

--- "http://tracker:8080 (user ada)"
---@param entry { tracker: string, user: string }
---@return string
function outbox_list.address(entry)
  return ("%s (user %s)"):format(entry.tracker, entry.user)
end

-- The entries of each address, the addresses in the order of their first entries.
local function grouped(entries)
  local groups, by_address = {}, {}
  for _, entry in ipairs(entries) do
    local address = outbox_list.address(entry)
    if not by_address[address] then
      by_address[address] = { address = address }
      groups[#groups + 1] = by_address[address]
    end
    table.insert(by_address[address], entry)
  end
  return groups
end

local COLUMNS = {
  { title = "ID", width = 5, value = function(entry) return ("%5d"):format(entry.sequence) end },
  { title = "STATE", width = 7, value = function(entry) return entry.refused and "refused" or "waiting" end },
  { title = "SINCE (UTC)", width = 16, value = function(entry)
    return os.date("!%Y-%m-%d %H:%M", math.floor(entry.created_at))
  end },
  { title = "TRIES", width = 5, value = function(entry) return ("%5d"):format(entry.attempts) end },
  { title = "WHAT", width = TITLE_WIDTH, value = function(entry) return text.fit(entry.title, TITLE_WIDTH) end },
}

local function line(cell)
  local cells = {}
  for i, column in ipairs(COLUMNS) do cells[i] = text.pad(cell(column), column.width) end
  return (table.concat(cells, "  "):gsub("%s+$", ""))
end

--- All entries, for people; what the tracker said is below its entry.
---@param entries moonshift.Journal.Entry[]
---@return string
function outbox_list.format(entries)
  local lines = {}
  for _, group in ipairs(grouped(entries)) do
    lines[#lines + 1] = group.address
    lines[#lines + 1] = line(function(column) return column.title end)
    for _, entry in ipairs(group) do
      lines[#lines + 1] = line(function(column) return column.value(entry) end)
      if entry.error then lines[#lines + 1] = "       " .. entry.error:gsub("%s+", " ") end
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

--- One sentence for each other address that operations wait for.
---@param entries moonshift.Journal.Entry[]
---@param session moonshift.Session What this session's tracker and user have is left out.
---@return string[]
function outbox_list.others(entries, session)
  local sentences = {}
  for _, group in ipairs(grouped(entries)) do
    if group[1].tracker ~= session.name or group[1].user ~= session.api_user then
      sentences[#sentences + 1] = ("%s for %s: send them with that tracker and user configured")
        :format(text.count(#group, "operation"), group.address)
    end
  end
  return sentences
end

return outbox_list
