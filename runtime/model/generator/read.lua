--- Reads catalogue.txt: text → blocks of facts and attributes, word for word.
--
-- Everything that a line can get wrong by itself is found here; what only shows once all types are
-- known is left to resolve.lua. Every problem names the line.

local read = {}

local KINDS = { ["->"] = "reference", ["=>"] = "collection", ["~>"] = "mapped" }
local VALUE_TYPES = {
  string = true, json = true, boolean = true, integer = true, number = true, datetime = true,
  object = true, variable = true,
}

--- Stops with "FILE:LINE: message".
local function fail(place, message, ...)
  error(("%s:%d: %s"):format(place.file, place.line, message:format(...)), 0)
end
read.fail = fail

--- Splits a line at blanks; a JSON string is one word, a # begins a comment where a word could.
local function split(place, text)
  local words, position = {}, 1
  while true do
    position = text:match("^%s*()", position)
    if position > #text or text:sub(position, position) == "#" then
      return words
    end
    local stop
    if text:sub(position, position) == '"' then
      local at = position + 1
      while text:sub(at, at) ~= '"' do
        if at > #text then
          fail(place, "the string %s does not end", text:sub(position))
        end
        at = at + (text:sub(at, at) == "\\" and 2 or 1)
      end
      stop = at
    else
      stop = text:match("^%S+()", position) - 1
    end
    words[#words + 1] = text:sub(position, stop)
    position = stop + 1
  end
end

--- A cursor over the words of one line.
local function cursor(place, words, first)
  local at = first
  local self = {}
  function self.more()
    return at <= #words
  end
  function self.next(what)
    local word = words[at]
    if not word then
      fail(place, "%s is missing at the end", what)
    end
    at = at + 1
    return word
  end
  function self.accept(word)
    if words[at] == word then
      at = at + 1
      return true
    end
    return false
  end
  function self.expect(word)
    if not self.accept(word) then
      fail(place, "expected '%s', found '%s'", word, words[at] or "the end of the line")
    end
  end
  function self.rest()
    local list = table.move(words, at, #words, 1, {})
    at = #words + 1
    if #list == 0 then
      fail(place, "at least one name is missing at the end")
    end
    return list
  end
  function self.finish()
    if at <= #words then
      fail(place, "'%s' is too much here", words[at])
    end
  end
  return self
end

--- A default: JSON text; {uid} stands for the string "{uid}".
local function json(place, word)
  if word == "{uid}" then
    return '"{uid}"'
  end
  if word:sub(1, 1) == '"' or word == "true" or word == "false" or word:match("^%-?%d+%.?%d*$") then
    return word
  end
  fail(place, "'%s' is no string, number, true or false", word)
end

--- A fill: a word with its argument, or JSON.
local function fill(place, words)
  local word = words.next("what to fill in")
  if word:match("^[a-z_]+$") and word ~= "true" and word ~= "false" then
    return { word = word, argument = word == "type_of" and words.next("an attribute") or nil }
  end
  return { word = "value", argument = json(place, word) }
end

--- What may follow the kind of an attribute: word → reader that notes it in the attribute.
local WORDS = {
  ["="] = function(attribute, words)
    attribute.default = json(attribute, words.next("a default"))
  end,
  fk = function(attribute, words)
    local word = words.next("TYPE.COLUMN")
    local unknown, name, column = word:match("^(%??)(%w+)%.([%w_]+)$")
    if not name then
      fail(attribute, "'%s' is not TYPE.COLUMN", word)
    end
    attribute.foreign_key = name .. "." .. column
    attribute.foreign_key_type = unknown == "" and name or nil
  end,
  by = function(attribute, words)
    attribute.by = words.next("a column")
  end,
  where = function(attribute, words)
    attribute.where = words.next("a column")
    words.expect("=")
    attribute.where_value = words.next("a value")
  end,
  via = function(attribute, words)
    local name = words.next("a table")
    attribute.via = name:gsub("^%+", "")
    attribute.via_hidden = name:sub(1, 1) == "+"
    attribute.via_own = words.next("the column with our id")
    attribute.via_target = words.next("the column with the target's id")
  end,
  map = function(attribute, words)
    attribute.key_attribute = words.next("the key's attribute")
    attribute.value_attribute = words.next("the value's attribute")
  end,
  one_of = function(attribute, words)
    attribute.enum = {}
    for value in words.next("values"):gmatch("[^|]+") do
      table.insert(attribute.enum, value)
    end
  end,
  ["else"] = function(attribute, words)
    attribute.fill = fill(attribute, words)
  end,
}
for _, name in ipairs { "rows", "calculated", "in", "alias", "ref" } do
  WORDS[name] = function(attribute, words)
    attribute[name] = words.next("a name")
  end
end
for _, name in ipairs {
  "owned", "indexed", "ordered", "required", "immutable", "computed", "restricted", "type_name", "untyped", "hidden",
} do
  WORDS[name] = function(attribute)
    attribute[name] = true
  end
end

local SCALAR_WORDS = {
  "=", "fk", "in", "one_of", "else", "owned", "indexed", "ordered", "type_name", "ref", "untyped",
}
local RELATION_WORDS = { "by", "where", "via", "rows", "map" }

--- Refuses words that belong to the other sort of attribute.
local function check_words(attribute, used)
  local is_scalar = attribute.kind == "scalar"
  for _, word in ipairs(is_scalar and RELATION_WORDS or SCALAR_WORDS) do
    if used[word] then
      fail(attribute, "'%s' makes no sense for %s", word, is_scalar and "a scalar" or "a relation")
    end
  end
end

local function read_attribute(block, place, name, words)
  if block.own[name] then
    fail(place, "%s.%s was described in line %d already", block.name, name, block.own[name].line)
  end
  local attribute = { file = place.file, line = place.line, name = name, declared_by = block }
  local kind = words.next("the kind")
  if KINDS[kind] then
    attribute.kind = KINDS[kind]
    attribute.target = words.next("the target")
  elseif VALUE_TYPES[kind] then
    attribute.kind, attribute.value_type = "scalar", kind
  elseif kind == "uuid" then
    attribute.kind, attribute.value_type = "scalar", "string"
    attribute.default, attribute.required, attribute.immutable = '"{uid}"', true, true
  else
    fail(place, "'%s' is no kind of attribute", kind)
  end
  local used = {}
  while words.more() do
    local word = words.next()
    used[word] = true
    if WORDS[word] then
      WORDS[word](attribute, words)
    elseif attribute.by and not attribute.second and attribute.kind == "reference" then
      attribute.second = word
    else
      fail(place, "'%s' is no word that attributes know", word)
    end
  end
  check_words(attribute, used)
  block.own[name] = attribute
  table.insert(block.attributes, attribute)
end

--- Facts about a type: name → reader that notes it in the block.
local FACTS = {
  alias = function(block, words)
    block.alias = words.next("a table")
    if words.accept("when") then
      block.classifier_column = words.next("a column")
      words.expect("=")
      block.classifier_value = words.next("a value")
    end
  end,
  table = function(block, words)
    block.table = words.next("a table")
    words.expect("typed")
    block.type_column = words.next("a column")
  end,
  stored_as = function(block, words)
    block.stored_as = words.next("a type")
  end,
  unique = function(block, words)
    table.insert(block.uniques, words.rest())
  end,
  group_by = function(block)
    block.group_by = true
  end,
  default = function(block, words, place)
    local name = words.next("an attribute")
    words.expect("=")
    block.defaults[name] = json(place, words.next("a default"))
  end,
  ["else"] = function(block, words, place)
    block.fills[words.next("an attribute")] = fill(place, words)
  end,
}
for _, name in ipairs { "key", "shows", "always", "required", "immutable" } do
  FACTS[name] = function(block, words)
    block[name] = words.rest()
  end
end

local function read_type(model, place, words)
  local block = {
    file = place.file, line = place.line, name = words.next("the type's name"),
    attributes = {}, own = {}, uniques = {}, defaults = {}, fills = {},
  }
  if words.accept(":") then
    block.base = words.next("the base")
  end
  words.finish()
  if model.by_name[block.name] then
    fail(place, "type %s was described in line %d already", block.name, model.by_name[block.name].line)
  end
  model.by_name[block.name] = block
  table.insert(model.types, block)
  return block
end

--- Reads the catalogue at `path` into { types = blocks in order of the file, by_name = … }.
function read.catalogue(path)
  local model, block = { types = {}, by_name = {} }, nil
  local place = { file = path, line = 0 }
  for text in io.lines(path) do
    place = { file = path, line = place.line + 1 }
    local words = split(place, text)
    local first = words[1]
    local rest = cursor(place, words, 2)
    if first == "type" and not text:match("^%s") then
      block = read_type(model, place, rest)
    elseif first and not block then
      fail(place, "'%s' stands before the first type", first)
    elseif first and not text:match("^%s") then
      fail(place, "'%s' is neither 'type' nor indented", first)
    elseif first and first:sub(1, 1) == "." then
      local fact = FACTS[first:sub(2)]
      if not fact then
        fail(place, "'%s' is no fact about a type", first)
      end
      fact(block, rest, place)
      rest.finish()
    elseif first then
      read_attribute(block, place, first, rest)
    end
  end
  return model
end

return read
