---@meta moonshift.core.component

--- The mechanisms under `moonshift.component`; written in C.
---@class moonshift.core.component
local core = {}

---@class moonshift.core.component.Transfer
---@field session moonshift.Session
---@field url string The address that the tracker gave.
---@field path? string The file to send, or to write; a download without one only tells about the data.
---@field headers? table<string, string> What the tracker wants to be sent along.
---@field offset? integer The first byte to move; 0 when not given.
---@field size? integer Upload: how many bytes to send; the rest of the file when not given. Download: how many bytes to
--- fetch into their place in a file that is there; the whole, into a new file, when not given.
---@field etag? string Download of a part: of which data; when the server has others by now it raises `protocol`.
---@field rate? userdata What `core.rate` returned: how fast.
---@field sends_key? boolean Download: our user and key go along, to our own server alone.
---@field progress? fun(done: integer, total: integer) Bytes, some ten times a second. Must not wait.

---@class moonshift.core.component.Moved What is known of the data beside their size.
---@field etag? string
---@field checksum? string Of moonshift's server: "0-MD5", or "SEGMENT-MD5" of the MD5s of segments.
---@field total? integer Bytes of the whole data at the URL.
---@field ranges boolean Download: whether the server sends parts.

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

--- A budget of bytes a second, at least 1024, that any number of transfers share.
---@param bytes_per_second integer
---@return userdata rate
function core.rate(bytes_per_second) end

---@class moonshift.core.component.Copy
---@field source string
---@field path string A new file.
---@field progress? fun(done: integer, total: integer) Bytes, some ten times a second. Must not wait.

--- Copies a file of this machine, on a worker thread: the blocks are shared where the file system can, else the kernel
--- copies them. The copy is on the disk at the end; when it fails or is cancelled there is none. Raises `not_found`,
--- `permission`, `full`, `io`.
---@param options moonshift.core.component.Copy
---@return integer size_bytes
function core.copy(options) end

---@class moonshift.core.component.Checksum
local Checksum = {}

--- So many bytes are there from the file's beginning.
---@param bytes integer
function Checksum:advance(bytes) end

--- All bytes are there: waits for the checksum and closes the object.
---@param total integer
---@return string hex
function Checksum:finish(total) end

--- The MD5 of a file, taken on worker threads while the file is being fetched. Take it with `<close>`.
---@param path string
---@param segment_bytes integer 0: of the whole; else of the MD5s of segments of so many bytes.
---@return moonshift.core.component.Checksum
function core.checksum(path, segment_bytes) end

--- Locks a file, which is created, until the value is closed. Nil while another process has it.
---@param path string
---@return userdata? hold
function core.hold(path) end

--- Makes a new file of so many bytes, with room for them where the file system can promise it. Raises `full` when
--- there is none.
---@param path string
---@param size integer
function core.reserve(path, size) end

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
