-- The listing that the product is built around runs as it is printed, on both kinds of tracker.

local support = require "support"
local trackers = require "trackers"

local ARTICLE = [[
local moonshift = require "moonshift"
local cjson = require "cjson"
local session <close> = moonshift.session()          -- FTRACK_SERVER, FTRACK_API_USER, FTRACK_API_KEY, else embedded

local user = session:query('User where username is "ada"'):one()
local job = session:create("Job", {
  user = user, status = "running",
  data = cjson.encode { description = "My custom job description." },
})
session:commit()
job.status = "done"
session:commit()

local server_location = session:query('Location where name is "ftrack.server"'):one()
local component = session:create_component("/path/to/file", { name = "My file" }, server_location)
session:create("JobComponent", { component_id = component.id, job_id = job.id })
session:commit()
for _, job_component in ipairs(job.job_components) do
  print("Download URL: " .. server_location:get_url(job_component.component))
end
]]

for _, kind in ipairs(trackers.KINDS) do
  it("the article runs " .. kind, function()
    local tracker <close> = trackers.start(kind)
    do
      local session <close> = tracker:session()
      session:ensure("User", { username = "ada" })
    end
    local file = support.write(tracker.folder.path .. "/file.txt", "what was made")
    local script = support.write(tracker.folder.path .. "/article.lua", (ARTICLE:gsub("/path/to/file", file)))
    local result = support.run { "run", script, environment = tracker:environment() }
    assert.equal("", result.stderr)
    assert.equal(0, result.exit_code)
    local url = result.stdout:match "^Download URL: (%S+)\n$"
    assert.truthy(url)
    local session <close> = tracker:session()
    local job = session:query("select status, data, job_components.component.name from Job"):one()
    assert.equal("done", job.status)
    assert.truthy(job.data:find("My custom job description.", 1, true))
    assert.equal(1, #job.job_components)
    assert.equal("My file", job.job_components[1].component.name)
  end)
end
