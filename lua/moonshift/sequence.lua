--- Sequences of numbered files: `/renders/sh010.%04d.exr [1-5, 7, 10-20]`, and sets of paths in which they hide.

local errors = require "moonshift.errors"

---@class moonshift.sequence
local sequence = {}

local INDEX_COUNT_MAX = 1000000 -- of one sequence: a slip in a range must not fill the memory
local DIGITS_MAX = 15 -- of a number: a longer one is a date or a hash

---@class moonshift.Sequence
---@field head string What stands in front of the number, with its folders.
---@field tail string What stands behind it.
---@field padding integer Digits with leading zeros; 0 for plain numbers.
---@field indexes integer[] Sorted.

-- ---- text ------------------------------------------------------------------------------------------

local function check_range(text, first, last)
  if last < first then
    errors.raise("invalid", ("'%s': the range %d-%d goes backwards"):format(text, first, last))
  elseif last - first >= INDEX_COUNT_MAX then
    errors.raise("limit", ("'%s': more than %d files"):format(text, INDEX_COUNT_MAX))
  end
end

local function parse_indexes(text, list)
  local found, indexes = {}, {}
  for piece in list:gmatch "[^,]+" do
    local first, last = piece:match "^%s*(%d+)%s*%-%s*(%d+)%s*$"
    first = first or piece:match "^%s*(%d+)%s*$"
    if not first then
      errors.raise("invalid", ("'%s': '%s' is neither a number nor a range such as 1-5"):format(text, piece))
    end
    last = last or first
    if #first > DIGITS_MAX or #last > DIGITS_MAX then
      errors.raise("limit", ("'%s': '%s' has more than %d digits"):format(text, piece, DIGITS_MAX))
    end
    first, last = math.tointeger(tonumber(first)), math.tointeger(tonumber(last))
    check_range(text, first, last)
    for index = first, last do
      if not found[index] then indexes[#indexes + 1] = index end
      found[index] = true
    end
  end
  if #indexes == 0 then errors.raise("invalid", ("'%s' names no files"):format(text)) end
  table.sort(indexes)
  return indexes
end

--- Reads `HEAD%04dTAIL [1-5, 7]`; nil for other text. Raises `invalid` for a list of numbers that is wrong.
---@param text string
---@return moonshift.Sequence?
function sequence.parse(text)
  local head, width, tail, list = text:match "^(.*)%%(%d*)d(.*) %[([^%[%]]*)%]$"
  if not head then return nil end
  local padding = width == "" and 0 or tonumber((width:gsub("^0", "")))
  if (padding or 0) > DIGITS_MAX then
    errors.raise("limit", ("'%s': numbers have at most %d digits"):format(text, DIGITS_MAX))
  end
  return { head = head, tail = tail, padding = padding or 0, indexes = parse_indexes(text, list) }
end

--- The number of a file in a sequence as it stands in its name.
---@param seq moonshift.Sequence
---@param index integer
---@return string
function sequence.number(seq, index)
  return (seq.padding > 0 and "%0" .. seq.padding .. "d" or "%d"):format(index)
end

---@param seq moonshift.Sequence
---@param index integer
---@return string path
function sequence.path(seq, index)
  return seq.head .. sequence.number(seq, index) .. seq.tail
end

local function ranges(indexes)
  local pieces, first = {}, nil
  for i, index in ipairs(indexes) do
    first = first or index
    if indexes[i + 1] ~= index + 1 then
      pieces[#pieces + 1] = first == index and tostring(index) or ("%d-%d"):format(first, index)
      first = nil
    end
  end
  return table.concat(pieces, ", ")
end

--- The name of a sequence without its numbers: `sh010.%04d.exr`.
---@param seq moonshift.Sequence
---@return string
function sequence.pattern(seq)
  return seq.head .. (seq.padding > 0 and ("%%0%dd"):format(seq.padding) or "%d") .. seq.tail
end

--- What `parse` reads.
---@param seq moonshift.Sequence
---@return string
function sequence.format(seq)
  return ("%s [%s]"):format(sequence.pattern(seq), ranges(seq.indexes))
end

--- What a component made of it is called: `sh010` and `.exr`.
---@param seq moonshift.Sequence
---@return string name
---@return string file_type
function sequence.split_name(seq)
  local base = seq.head:match "[^/]*$"
  local name = base:gsub("[%s._-]+$", "")
  return name ~= "" and name or "main", seq.tail
end

-- ---- detection -------------------------------------------------------------------------------------

-- The last number of a file's name that is not a part of its extension ("mp4" is no frame 4).
local function split(path)
  local folder, base = path:match "^(.*/)([^/]*)$"
  if not folder then folder, base = "", path end
  local stem, extension = base:match "^(.+)(%.%D[^.]*)$"
  if not stem then stem, extension = base, "" end
  local head, digits, rest = stem:match "^(.-)(%d+)(%D*)$"
  if not head then return nil end
  return folder .. head, digits, rest .. extension
end

-- Numbers of one width, or without leading zeros, belong together.
local function group_key(head, digits, tail)
  local width = digits:find "^0%d" and #digits or 0
  return ("%s\0%s\0%d"):format(head, tail, width), width
end

local function add(groups, order, path)
  local head, digits, tail = split(path)
  if not head or #digits > DIGITS_MAX then
    order[#order + 1] = { paths = { path } }
    return
  end
  local key, padding = group_key(head, digits, tail)
  local group = groups[key]
  if not group then
    group = { head = head, tail = tail, padding = padding, indexes = {}, paths = {}, widths = {} }
    groups[key] = group
    order[#order + 1] = group
  end
  group.indexes[#group.indexes + 1] = tonumber(digits)
  group.paths[#group.paths + 1] = path
  group.widths[#digits] = true
end

-- frame.0998 … frame.1002: those without a leading zero have the same width as those with one.
local function join_padded(groups, group)
  if group.padding == 0 or not group.indexes then return end
  local plain = groups[("%s\0%s\0%d"):format(group.head, group.tail, 0)]
  if not plain or plain == group then return end
  local kept = { indexes = {}, paths = {}, widths = {} }
  for i, index in ipairs(plain.indexes) do
    local target = #tostring(index) == group.padding and group or kept
    target.indexes[#target.indexes + 1] = index
    target.paths[#target.paths + 1] = plain.paths[i]
  end
  plain.indexes, plain.paths = kept.indexes, kept.paths
end

local function finish(group)
  table.sort(group.indexes)
  return { head = group.head, tail = group.tail, padding = group.padding, indexes = group.indexes }
end

--- Finds the sequences among paths: files in one folder whose names differ in their last number alone, two or
--- more of them. With leading zeros the width counts; without them numbers are plain.
---@param paths string[]
---@return moonshift.Sequence[] sequences
---@return string[] others
function sequence.detect(paths)
  local groups, order, sequences, others = {}, {}, {}, {}
  for _, path in ipairs(paths) do add(groups, order, path) end
  for _, group in ipairs(order) do join_padded(groups, group) end
  for _, group in ipairs(order) do
    if group.indexes and #group.indexes > 1 then
      sequences[#sequences + 1] = finish(group)
    else
      table.move(group.paths, 1, #group.paths, #others + 1, others)
    end
  end
  return sequences, others
end

return sequence
