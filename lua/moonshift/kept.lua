--- What the interrupted transfers of a session have left for whoever sends or fetches the same again, to be told to
--- people.

local session_core = require "moonshift.core.session"

---@class moonshift.kept
local kept = {}

--- So many bytes are there, and will not travel again.
---@param session moonshift.Session
---@param bytes integer
function kept.note(session, bytes)
  local notes = session_core.notes(session)
  notes.kept = (notes.kept or 0) + bytes
end

--- All that was noted since this was asked last.
---@param session moonshift.Session
---@return integer bytes
function kept.take(session)
  local notes = session_core.notes(session)
  local bytes = notes.kept or 0
  notes.kept = nil
  return bytes
end

return kept
