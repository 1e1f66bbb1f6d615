--- Queries about many entities. An expression has its bound, so a long list of ids goes in several of them, all in one
--- request: a sequence may have a million frames.

local expression = require "moonshift.expression"

---@class moonshift.id_query
local id_query = {}

local IDS_PER_EXPRESSION = 5000 -- some 200 KB, in an expression that has the list twice 400 KB; 1 MiB are read

-- What is asked of the ids from `first` on.
local function add(operations, expressions, ids, first)
  local list = expression.literal { table.unpack(ids, first, math.min(first + IDS_PER_EXPRESSION - 1, #ids)) }
  for _, text in ipairs(expressions) do
    operations[#operations + 1] = { action = "query", expression = (text:gsub("IDS", function() return list end)) }
  end
end

--- The rows that expressions find, as plain tables: a list for each expression.
---
---     local rows = id_query.rows(session, { "select id, name from Shot where id in IDS" }, ids)[1]
---
---@param session moonshift.Session
---@param expressions string[] In each of them IDS stands for the list.
---@param ids string[]
---@return table[][]
function id_query.rows(session, expressions, ids)
  local operations, found = {}, {}
  for first = 1, #ids, IDS_PER_EXPRESSION do add(operations, expressions, ids, first) end
  for i in ipairs(expressions) do found[i] = {} end
  if #operations == 0 then return found end
  for i, answer in ipairs(session:call(operations)) do
    local rows = found[(i - 1) % #expressions + 1]
    table.move(answer.data, 1, #answer.data, #rows + 1, rows)
  end
  return found
end

return id_query
