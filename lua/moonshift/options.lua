--- Command lines of verbs: a table says which options there are, `parse` reads them.
---
--- Wrong usage is one line on standard error that names the option and the nearest right one, and exit
--- code 2. --help and -h print the verb's head comment.

local system = require "moonshift.core.system"
local texts = require "moonshift.text"

---@class moonshift.options
local options = {}

---@class moonshift.options.Option
---@field name string Without dashes: "require-attach" is --require-attach, its field require_attach.
---@field short? string One letter: "o" is -o.
---@field argument? string The name of its value in messages ("DIR"); without one the option is a flag.
---@field multiple? boolean May be given several times: the field is a list of all values.
---@field type? "string"|"integer"|"duration"|"size" What its value is; "string" when not given. A duration
--- ("90", "1h30m") becomes seconds, a size ("512M", "4G") bytes.
---@field choices? string[] The only values it takes.
---@field default? any The field's value when the option is not given.

---@class moonshift.options.Command
---@field verb string
---@field spec moonshift.options.Option[]
---@field arguments string[] What the verb was called with: { ... }.
---@field joins_rest? boolean What stands behind `--` are arguments like the others, also where they begin with "-".

local EXIT_USAGE = 2

--- Ends the program because it was called wrongly.
---@param verb string
---@param message string What is wrong and what would be right.
function options.fail(verb, message)
  io.stderr:write(("moonshift %s: %s ('moonshift help %s' says more)\n"):format(verb, message, verb))
  os.exit(EXIT_USAGE)
end

local function field_of(option)
  return (option.name:gsub("-", "_"))
end

local function find_long(command, name)
  local names = { "help" }
  for i, option in ipairs(command.spec) do
    if option.name == name then return option end
    names[i + 1] = option.name
  end
  local nearest = system.nearest(name, names)
  options.fail(command.verb, ("there is no option '--%s'%s")
    :format(name, nearest and ("; did you mean '--%s'?"):format(nearest) or ""))
end

local function find_short(command, letter)
  for _, option in ipairs(command.spec) do
    if option.short == letter then return option end
  end
  options.fail(command.verb, ("there is no option '-%s'"):format(letter))
end

local function fail_choice(command, option, text)
  local nearest = system.nearest(text, option.choices)
  options.fail(command.verb, ("--%s is one of %s, not '%s'%s"):format(option.name,
    table.concat(option.choices, ", "), text, nearest and ("; did you mean '%s'?"):format(nearest) or ""))
end

-- Text to value, by the option's type.
local converters = {
  string = function(_, _, text) return text end,
  integer = function(command, option, text)
    return text:find "^-?%d+$" and math.tointeger(tonumber(text))
      or options.fail(command.verb, ("--%s takes a whole number, not '%s'"):format(option.name, text))
  end,
  duration = function(command, option, text)
    local ok, result = pcall(system.duration, text)
    if ok then return result end
    options.fail(command.verb, ("--%s: %s"):format(option.name, tostring(result)))
  end,
  size = function(command, option, text)
    return texts.parse_size(text)
      or options.fail(command.verb, ("--%s takes a size such as 512M or 4G, not '%s'"):format(option.name, text))
  end,
}

local function convert(command, option, text)
  for _, choice in ipairs(option.choices or { text }) do
    if choice == text then return converters[option.type or "string"](command, option, text) end
  end
  fail_choice(command, option, text)
end

-- Stores one occurrence; `text` is nil for a flag.
local function store(command, option, text, result)
  local field = field_of(option)
  local value = text == nil or convert(command, option, text)
  if option.multiple then
    result[field] = result[field] or {}
    table.insert(result[field], value)
  else
    result[field] = value
  end
end

-- Reads the option at `index`: what it was written as, its value if that was attached. Returns the index
-- of the last argument that belongs to it.
local function read(command, option, written, attached, index, result)
  if not option.argument then
    if attached then options.fail(command.verb, ("%s takes no value"):format(written)) end
    store(command, option, nil, result)
    return index
  end
  if attached then
    store(command, option, attached, result)
    return index
  end
  local text = command.arguments[index + 1]
  if not text then options.fail(command.verb, ("%s wants its %s"):format(written, option.argument)) end
  store(command, option, text, result)
  return index + 1
end

local function show_help(verb)
  io.write(system.help(verb))
  os.exit(true)
end

-- Reads the argument at `index`; returns the index of the last one that was read.
local function read_argument(command, index, result)
  local argument = command.arguments[index]
  if argument == "--help" or argument == "-h" then show_help(command.verb) end
  local name, equals, value = argument:match "^%-%-([^=]+)(=?)(.*)$"
  if name then
    return read(command, find_long(command, name), "--" .. name, equals ~= "" and value or nil, index, result)
  end
  local letter, rest = argument:match "^%-(.)(.*)$"
  if letter then
    return read(command, find_short(command, letter), "-" .. letter, rest ~= "" and rest or nil, index, result)
  end
  result[#result + 1] = argument
  return index
end

local function add_defaults(spec, result)
  for _, option in ipairs(spec) do
    local field = field_of(option)
    if result[field] == nil then result[field] = option.default end
  end
end

--- Reads a verb's command line. Options may be written `--name value`, `--name=value`, `-n value` and
--- `-nvalue`, in front of, behind and between the other arguments; `--` ends them.
---
---     local options = require "moonshift.options"
---     local given = options.parse {
---       verb = "attach",
---       arguments = { ... },
---       spec = {
---         { name = "name", argument = "NAME" },
---         { name = "dry-run", short = "n" },
---         { name = "timeout", argument = "DURATION", type = "duration", default = 60 },
---       },
---     }
---     print(given.name, given.dry_run, given.timeout, given[1], given[2])
---
---@param command moonshift.options.Command
---@return table given Per option a field (true for a flag; absent ones have their default or nil); the other
--- arguments as a list; in `rest` the list of those behind `--`, nil without one.
function options.parse(command)
  local result = {}
  local index, count = 1, #command.arguments
  while index <= count do
    if command.arguments[index] == "--" then
      local behind = table.move(command.arguments, index + 1, count, 1, {})
      if not command.joins_rest then
        result.rest = behind
      else
        table.move(behind, 1, #behind, #result + 1, result)
      end
      break
    end
    index = read_argument(command, index, result) + 1
  end
  add_defaults(command.spec, result)
  return result
end

return options
