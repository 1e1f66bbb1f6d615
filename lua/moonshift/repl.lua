--- What `moonshift repl` does with a line: compile it, show its results, complete a name.

local core = require "moonshift.core.session"

---@class moonshift.repl
local repl = {}

local SHOWN_ENTRIES_MAX = 20
local SHOWN_DEPTH_MAX = 2
local CHUNK_NAME = "=repl"

-- ---- compiling -------------------------------------------------------------------------------------

--- Turns text into a function. An expression gives its values; `=expression` is one too.
---@param text string One or more lines.
---@return function? chunk
---@return string? message When it is wrong.
---@return boolean? incomplete More lines may make it right.
function repl.compile(text)
  local expression = text:match "^%s*=(.*)$" or text
  local chunk = load("return " .. expression, CHUNK_NAME, "t")
  if chunk then return chunk end
  local message
  chunk, message = load(text, CHUNK_NAME, "t")
  if chunk then return chunk end
  return nil, message, message:find "<eof>$" ~= nil
end

-- ---- showing ---------------------------------------------------------------------------------------

local function is_plain(value)
  local metatable = getmetatable(value)
  return type(value) == "table" and not (type(metatable) == "table" and rawget(metatable, "__tostring"))
end

local show_value

local function show_key(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then return key .. " = " end
  return ("[%s] = "):format(show_value(key, SHOWN_DEPTH_MAX))
end

-- The fields behind the list part of a table, sorted; of a large one those that come first.
local function show_fields(value, length, room, depth)
  local fields = {}
  for key, item in next, value do
    if not (math.type(key) == "integer" and key >= 1 and key <= length) then
      if #fields == room then return fields, true end
      fields[#fields + 1] = show_key(key) .. show_value(item, depth + 1)
    end
  end
  table.sort(fields)
  return fields, false
end

local function show_table(value, depth)
  local parts, length = {}, rawlen(value)
  for index = 1, math.min(length, SHOWN_ENTRIES_MAX) do
    parts[index] = show_value(rawget(value, index), depth + 1)
  end
  local fields, more = show_fields(value, length, SHOWN_ENTRIES_MAX - #parts, depth)
  table.move(fields, 1, #fields, #parts + 1, parts)
  if more or length > SHOWN_ENTRIES_MAX then parts[#parts + 1] = "…" end
  return #parts == 0 and "{}" or ("{ %s }"):format(table.concat(parts, ", "))
end

function show_value(value, depth)
  if type(value) == "string" and depth > 0 then return ("%q"):format(value) end
  if is_plain(value) and depth < SHOWN_DEPTH_MAX then return show_table(value, depth) end
  return tostring(value)
end

--- The text of one value: tables with their entries, two levels deep, twenty at most.
---@param value any
---@return string
function repl.format(value)
  return show_value(value, 0)
end

local function print_values(...)
  local count = select("#", ...)
  local shown = {}
  for i = 1, count do shown[i] = repl.format((select(i, ...))) end
  if count > 0 then print(table.concat(shown, "\t")) end
end

--- Runs a compiled chunk and prints its results.
---@param chunk function
function repl.run(chunk)
  print_values(chunk())
end

-- ---- completing ------------------------------------------------------------------------------------

local KEYWORDS = {
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
  "not", "or", "repeat", "return", "then", "true", "until", "while",
}

-- What stands behind `name` in a value, as far as it is known without a request and without calling a script's code.
local function step(value, name)
  if type(value) == "table" then return rawget(value, name) end
  if core.is_entity(value) then return core.peek(value, name) end
end

-- The value of a path such as `moonshift.task` or `job.user`.
local function resolve(path)
  local value = _G
  for name in path:gmatch "[^.:]+" do
    value = step(value, math.tointeger(name) or name)
    if value == nil then return nil end
  end
  return value
end

local function is_candidate(name, prefix)
  return type(name) == "string" and name:find "^[%a_][%w_]*$" and name:sub(1, #prefix) == prefix
end

local function add_names(value, prefix, found)
  if type(value) ~= "table" then return end
  for name in next, value do
    if is_candidate(name, prefix) then found[name] = true end
  end
end

local function add_entity_names(entity, prefix, found)
  for _, name in ipairs(core.methods "Entity".keys(entity)) do
    if is_candidate(name, prefix) then found[name] = true end
  end
  local type_name = entity.__entity_type__
  local types = core.session_of(entity).types
  while type_name do
    add_names(core.methods(type_name), prefix, found)
    type_name = types[type_name].base
  end
  add_names(core.methods "Entity", prefix, found)
end

local function add_globals(prefix, found)
  add_names(_G, prefix, found)
  for _, word in ipairs(KEYWORDS) do
    if is_candidate(word, prefix) then found[word] = true end
  end
end

local function candidates(path, prefix)
  local found = {}
  local value = resolve(path)
  if path == "" then
    add_globals(prefix, found)
  elseif core.is_entity(value) then
    add_entity_names(value, prefix, found)
  elseif getmetatable(value) == "session" then
    add_names(core.Session, prefix, found)
    add_names(core.properties, prefix, found)
  else
    local metatable = debug.getmetatable(value)
    add_names(value, prefix, found)
    add_names(type(metatable) == "table" and rawget(metatable, "__index") or nil, prefix, found)
  end
  local names = {}
  for name in pairs(found) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function common_prefix(names)
  local prefix = names[1] or ""
  for _, name in ipairs(names) do
    while name:sub(1, #prefix) ~= prefix do prefix = prefix:sub(1, -2) end
  end
  return prefix
end

--- What may follow the text in front of the cursor: names of globals and fields, attributes and methods of
--- entities and sessions, keywords. Nothing is asked of a tracker, and no script's code is called.
---@param text string
---@return string insertion What all of them go on with; "" when they differ.
---@return string[] names
function repl.complete(text)
  local word = text:gsub("%[(%d+)%]", ".%1"):match "[%w_.:]*$" -- tasks[1].name is looked up as tasks.1.name
  local path, prefix = word:match "^(.-)[.:]?([%w_]*)$"
  local is_unknown = word:find "^[.:]" -- behind something that would have to be called
  local names = is_unknown and {} or candidates(path, prefix)
  return common_prefix(names):sub(#prefix + 1), names
end

return repl
