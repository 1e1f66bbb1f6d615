---@meta moonshift.core.error

---@alias moonshift.ErrorCode
---| "usage" # the caller's options or arguments are wrong
---| "invalid" # a value that the data model refuses
---| "parse" # a query, document or configuration cannot be read
---| "not_found" # no such thing
---| "not_unique" # more than one where one was asked for
---| "exists" # there already is one
---| "integrity" # a reference to something that does not exist
---| "authentication" # wrong user or key
---| "permission" # known, but not allowed
---| "network" # could not be reached, or the line broke
---| "timeout" # took longer than allowed
---| "protocol" # the other side answered nonsense
---| "server" # the other side refused; the message quotes it
---| "io" # the operating system refused a file or a process
---| "full" # no room is left on the disk
---| "limit" # larger than a named limit
---| "busy" # held by somebody else just now
---| "closed" # used after it was closed
---| "cancelled" # stopped on request
---| "memory" # out of memory
---| "internal" # our own mistake

---@class moonshift.Error
---@field code moonshift.ErrorCode
---@field message string
---@field traceback string

--- Error objects made by Lua code; written in C.
---@class moonshift.core.error
local core = {}

--- An error object with a traceback of the caller.
---@param code moonshift.ErrorCode
---@param message string
---@return moonshift.Error
function core.new(code, message) end

return core
