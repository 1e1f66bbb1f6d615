---@meta moonshift.core.component

--- The mechanisms under `moonshift.component`; written in C.
---@class moonshift.core.component
local core = {}

---@class moonshift.core.component.Transfer
---@field session moonshift.Session
---@field url string The address that the tracker gave.
---@field path? string The file to send, or to write; a download without one only tells about the data.
---@field headers? table<string, string> What the tracker wants to be sent along.
---@field offset? integer Upload: the first byte to send. Download: how many bytes are in the file already.
---@field size? integer Upload: how many bytes to send; the rest of the file when not given.
---@field etag? string Download: of what is in the file already; without it the file is fetched anew.
---@field checksum? string Download: what the server said that the bytes are, taken while they come.
---@field keeps_partial? boolean Download: what came before a failure stays in the file.
---@field sends_key? boolean Download: our user and key go along, to our own server alone.
---@field progress? fun(done: integer, total: integer) Bytes, some ten times a second. Must not wait.

---@class moonshift.core.component.Moved What is known of the data beside their size.
---@field etag? string
---@field checksum? string Of moonshift's server: "0-MD5", or "SEGMENT-MD5" of the MD5s of segments.
---@field md5? string Upload: of what was sent.
---@field total? integer Bytes of the whole data at the URL.

--- Sends a file or a part of it; the checksum is taken meanwhile, and compared with the server's where that tells
--- one. Raises `network` (also when the bytes arrived changed), `timeout`, `server`, `not_found`, `permission`,
--- `io` (the file changed while it was sent).
---@param options moonshift.core.component.Transfer
---@return integer size_bytes
---@return moonshift.core.component.Moved
function core.upload(options) end

--- Fetches into a file. Raises as upload.
---@param options moonshift.core.component.Transfer
---@return integer size_bytes
---@return moonshift.core.component.Moved
function core.download(options) end

--- Where the bytes of a component are on this machine: nil unless the session's tracker is embedded.
---@param session moonshift.Session
---@param component_id string
---@return string?
function core.local_path(session, component_id) end

--- Removes the bytes of a component where they are on this machine. Raises code "not_found" when there are none.
---@param session moonshift.Session
---@param component_id string
---@return boolean is_local False, and nothing removed, unless the session's tracker is embedded.
function core.remove_local(session, component_id) end

--- The paths that match a pattern (`*`, `?`, `[a-z]`, `{a,b}`), sorted; a path without wildcards matches
--- itself when it exists.
---@param pattern string
---@return string[]
function core.glob(pattern) end

return core
