--- Queries: asked when they are looked at, a page at a time.

local core = require "moonshift.core.session"
local errors = require "moonshift.errors"
local expression = require "moonshift.expression"

---@class moonshift.query
local query = {}

local PAGE_SIZE = 500 -- entities of one request

---@class moonshift.Query A query and what it found so far.
---@operator len: integer
---@field [integer] moonshift.AnyEntity
local Query = {}

-- The state of reading on: where the next page begins, and how many entities may still come.
local function start(self)
  return { offset = self.offset, left = self.limit, groups = {} }
end

-- The entities of the next page; nil after the last.
local function next_page(self, state)
  if not state.offset or state.left == 0 then return nil end
  local size = math.min(state.left or PAGE_SIZE, PAGE_SIZE)
  local text = ("%s offset %d limit %d"):format(self.text, state.offset, size)
  local entities, offset = core.fetch(self.session, state.groups, false, text)
  if offset and offset <= state.offset then
    errors.raise("protocol", ("the server's next page would begin at %d, not behind %d"):format(offset, state.offset))
  end
  state.offset = offset
  state.left = state.left and state.left - #entities
  return entities
end

-- Reads on until `count` entities are known, or all.
local function load(self, count)
  while #self.found < count do
    local page = next_page(self, self.state)
    if not page then return end
    table.move(page, 1, #page, #self.found + 1, self.found)
  end
end

local function ask(self, limit)
  limit = math.min(limit, self.limit or limit)
  local offset = self.offset > 0 and (" offset %d"):format(self.offset) or ""
  return (core.fetch(self.session, {}, false, ("%s%s limit %d"):format(self.text, offset, limit)))
end

--- The one entity that the query finds. Raises code "not_found" when there is none, "not_unique" when there are
--- several.
---
---     local user = session:query('User where username is "ada"'):one()
---
---@return moonshift.AnyEntity
function Query:one()
  local entities = ask(self, 2)
  if #entities == 0 then
    errors.raise("not_found", ("nothing found by the query: %s"):format(self.text))
  elseif #entities > 1 then
    errors.raise("not_unique", ("more than one entity found, where one was wanted, by the query: %s"):format(self.text))
  end
  return entities[1]
end

--- The first entity that the query finds, or nil.
---@return moonshift.AnyEntity?
function Query:first()
  return ask(self, 1)[1]
end

--- Everything that the query finds, as a list.
---@return moonshift.AnyEntity[]
function Query:all()
  load(self, math.huge)
  return table.move(self.found, 1, #self.found, 1, {})
end

--- Goes through what the query finds and holds one page of it at a time: for results of any size.
---
---     for i, shot in session:query("Shot"):iterate() do print(i, shot.name) end
---
---@return fun(): integer?, moonshift.AnyEntity?
function Query:iterate()
  local state, page, at, count = start(self), {}, 0, 0
  return function()
    while at == #page do
      state.groups = {}
      page, at = next_page(self, state) or {}, 0
      if #page == 0 and not state.offset then return nil end
    end
    at, count = at + 1, count + 1
    return count, page[at]
  end
end

local metatable = { __name = "query" }

function metatable.__index(self, key)
  if key == "limit" then return nil end -- a query without one
  if math.type(key) == "integer" then
    load(self, key)
    return self.found[key]
  elseif Query[key] then
    return Query[key]
  end
  errors.raise("not_found", ("a query has no '%s': it has one, first, all, iterate, # and indices")
    :format(tostring(key)))
end

function metatable.__newindex()
  errors.raise("usage", "a query cannot be changed")
end

function metatable.__len(self)
  load(self, math.huge)
  return #self.found
end

function metatable.__pairs(self)
  return self:iterate()
end

function metatable.__tostring(self)
  return ("query: %s"):format(self.text)
end

--- Makes a query; nothing is asked yet. See `Session:query`.
---@param session moonshift.Session
---@param text string
---@param parameters? table<string, any>
---@return moonshift.Query
function query.new(session, text, parameters)
  if type(text) ~= "string" then
    errors.raise("usage", ("query: expected the text of a query, found %s"):format(type(text)))
  end
  if parameters then text = expression.fill(text, parameters) end
  local core_text, offset, limit = expression.split_paging(text)
  local complete = expression.complete(session, core_text)
  core.check_query(session, text)
  local self = {
    session = session,
    text = complete,
    offset = offset,
    limit = limit,
    found = {},
  }
  self.state = start(self)
  return setmetatable(self, metatable)
end

return query
