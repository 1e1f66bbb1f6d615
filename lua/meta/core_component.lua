---@meta moonshift.core.component

--- The mechanisms under `moonshift.component`; written in C.
---@class moonshift.core.component
local core = {}

---@class moonshift.core.component.Transfer
---@field session moonshift.Session
---@field url string The address that the tracker gave.
---@field path string The file to send, or to write.
---@field headers? table<string, string> What the tracker wants to be sent along.
---@field progress? fun(done: integer, total: integer) Bytes, some ten times a second. Must not wait.

--- Sends a file. Raises `network`, `timeout`, `server`, `not_found`, `permission`, `invalid` (the file
--- changed while it was sent).
---@param options moonshift.core.component.Transfer
---@return integer size_bytes
function core.upload(options) end

--- Fetches into a file. Raises as upload.
---@param options moonshift.core.component.Transfer
---@return integer size_bytes
function core.download(options) end

--- Where the bytes of a component are on this machine: nil unless the session's tracker is embedded.
---@param session moonshift.Session
---@param component_id string
---@return string?
function core.local_path(session, component_id) end

--- The paths that match a pattern (`*`, `?`, `[a-z]`, `{a,b}`), sorted; a path without wildcards matches
--- itself when it exists.
---@param pattern string
---@return string[]
function core.glob(pattern) end

return core
