---@meta moonshift.core.system

--- Process and machine; written in C.
---@class moonshift.core.system
---@field version string The program's version.
local system = {}

--- Seconds that a duration's text means. Raises code "usage".
---@param text string "90", "1.5", "1h30m", "500ms"
---@return number seconds
function system.duration(text) end

--- The program's folder for its data, configuration, state or cache. It may not exist yet.
---@param kind "data"|"config"|"state"|"cache"
---@return string path
function system.folder(kind) end

--- What keeps the loop alive just now: the types of its active handles, "timer", "process", "pipe", …
---@return string[] types
function system.handles() end

--- The head comment of a verb's script. Raises code "not_found".
---@param verb string
---@return string text
function system.help(verb) end

--- The machine's name.
---@return string
function system.host_name() end

--- Whether a file descriptor is a terminal.
---@param descriptor integer 0, 1, 2, …
---@return boolean
function system.is_terminal(descriptor) end

--- Makes a folder and those above it. Raises code "io" or "permission".
---@param path string
---@param private? boolean Nobody else may look into those that are made (mode 0700).
function system.make_folders(path, private) end

--- Seconds of a clock that never jumps.
---@return number seconds
function system.monotonic() end

--- The word of the list that a misspelt one may have been meant to be.
---@param word string
---@param candidates string[]
---@return string? nearest
function system.nearest(word, candidates) end

--- Seconds since 1970.
---@return number seconds
function system.now() end

--- From now on INT, TERM and HUP call `f` from the loop instead of cancelling the main task. `f` cannot
--- wait. Without `f`: as before.
---@param f? fun(name: string, number: integer) "SIGINT", 2
function system.on_signal(f) end

--- This process's number.
---@return integer
function system.pid() end

--- The path of the program itself.
---@return string
function system.program() end

--- Sets a variable of our environment, which child processes inherit; nil removes it.
---@param name string
---@param value? string
function system.set_environment(name, value) end

--- The login name that we run as.
---@return string
function system.user_name() end

return system
