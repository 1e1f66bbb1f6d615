--- Notes: `task:create_note(…)`, `note:create_reply(…)`.

local core = require "moonshift.core.session"
local errors = require "moonshift.errors"

---@class moonshift.notes
local notes = {}

-- Types whose entities can have notes.
local NOTED = { "Context", "AssetVersion", "ReviewSessionObject" }

---@class moonshift.NoteOptions
---@field recipients? moonshift.Entity[] Users and groups.
---@field category? moonshift.Entity A NoteCategory; shorthand for one label.
---@field labels? moonshift.Entity[] NoteLabels.

-- The NoteLabel that a category stands for: the two share ids.
local function label_ids(options)
  local ids = {}
  for _, label in ipairs(options.labels or {}) do ids[#ids + 1] = label.id end
  if options.category then ids[#ids + 1] = options.category.id end
  return ids
end

local function check(content, author)
  if type(content) ~= "string" then
    errors.raise("usage", ("a note's content is a string, not a %s"):format(type(content)))
  elseif not core.is_entity(author) then
    errors.raise("usage", "a note has an author: give a User")
  end
end

--- Records a note on an entity; `session:commit()` sends it.
---
---     task:create_note("Looks fine", user, { recipients = { supervisor } })
---
---@param self moonshift.Entity
---@param content string
---@param author moonshift.Entity A User.
---@param options? moonshift.NoteOptions
---@return moonshift.Entity note
function notes.create_note(self, content, author, options)
  check(content, author)
  options = options or {}
  local session = core.session_of(self)
  local note = session:create("Note", {
    content = content, author = author, parent_id = self.id, parent_type = self.__entity_type__,
  })
  for _, recipient in ipairs(options.recipients or {}) do
    session:create("Recipient", { note_id = note.id, resource_id = recipient.id })
  end
  for _, id in ipairs(label_ids(options)) do
    session:create("NoteLabelLink", { label_id = id, note_id = note.id })
  end
  return note
end

--- Records a reply to a note.
---@param self moonshift.Entity A Note.
---@param content string
---@param author moonshift.Entity A User.
---@return moonshift.Entity note
function notes.create_reply(self, content, author)
  check(content, author)
  return core.session_of(self):create("Note", { content = content, author = author, in_reply_to = self })
end

for _, type_name in ipairs(NOTED) do core.methods(type_name).create_note = notes.create_note end
core.methods "Note".create_reply = notes.create_reply

return notes
