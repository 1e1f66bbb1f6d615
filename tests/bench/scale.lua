--- What the size of a studio costs: everyday queries among 100 and among 100,000 tasks, on the embedded tracker; the
--- best of several runs counts. A ratio near 1 is an index at work, or finds no more rows. MOONSHIFT_BENCH_TASKS is
--- the larger studio's size.

local cjson = require "cjson"
local measure = require "measure"
local moonshift = require "moonshift"
local uv = require "luv"

local PROGRAM = require "moonshift.core.system".program()
local SIZES = { 100, math.tointeger(tonumber(os.getenv "MOONSHIFT_BENCH_TASKS")) or 100000 }
local TASKS_PER_SHOT = 4.58 -- what seed makes, asset builds included
local SECONDS = 0.3 -- for each query
local CUSTOM = 20 -- tasks that have a value of the custom attribute, and a piece of metadata

-- $words stand for ids and names of a task and what is around it.
local QUERIES = {
  'Task where id is "$task"',
  'Task where name is "Animation" limit 25',
  'Task where name is "no such name"',
  'Task where project.id is "$project" limit 25',
  'Shot where project.id is "$project" and name is "$shot_name" limit 25',
  'Task where project.id is "$project" and parent.id is "$shot"',
  'Task where parent.name is "$shot_name" limit 25',
  'Task where parent.parent.id is "$sequence" limit 25',
  'Task where status.name is "Not started" limit 25',
  'Task where assignments any (resource.username is "$user") limit 25',
  'Task where assignments.resource.id is "$user_id" limit 25',
  'AssetVersion where asset.parent.id is "$shot"',
  'AssetVersion where task.id is "$task" order by version desc',
  'AssetVersion order by date desc limit 25',
  'Note where parent_id is "$task" order by date desc',
  'Note order by date desc limit 25',
  'select link from Task where id is "$task"',
  'select ancestors.name from Task where id is "$task"',
  'select descendants.name from Sequence where id is "$sequence"',
  'Task where ancestors any (id is "$sequence") limit 25',
  'Sequence where descendants any (id is "$task")',
  'Task order by name limit 25',
  'Task order by start_date limit 25',
  'Task order by end_date desc limit 25',
  'Task order by created_at desc limit 25',
  'Task where start_date > "2099-01-01" limit 25',
  'Task where metadata any (key is "vendor" and value is "north")',
  'Task where custom_attributes any (key is "frames" and value is 1001) limit 25',
  'select custom_attributes from Task where id is "$task"',
  'Job where user.username is "$user" order by created_at desc limit 25',
}

local function shell(command, ...)
  assert(os.execute(command:format(...)))
end

local function make_custom_attribute(session)
  session:create("CustomAttributeConfiguration", {
    key = "frames", label = "Frames", entity_type = "task", default = 24, config = cjson.encode {},
    type = session:query('CustomAttributeType where name is "number"'):one(),
    object_type = session:query('ObjectType where name is "Task"'):one(),
  })
  session:commit()
end

local function fill(session)
  make_custom_attribute(session)
  for _, task in ipairs(session:query(("Task limit %d"):format(CUSTOM)):all()) do
    task.custom_attributes.frames = 1001
    session:create("Metadata", { parent_id = task.id, parent_type = "TypedContext", key = "vendor", value = "north" })
  end
  session:commit()
end

-- What the $words stand for.
local function look_around(session)
  local shot = session:query("select name, parent_id, project_id, children from Shot limit 1"):one()
  local user = session:query("select resource.username from Appointment limit 1"):one().resource
  return {
    task = shot.children[1].id, shot = shot.id, shot_name = shot.name, sequence = shot.parent_id,
    project = shot.project_id, user = user.username, user_id = user.id,
  }
end

-- Milliseconds of the fastest run, and the rows.
local function time(session, query)
  local best, rows = math.huge
  local ended = uv.hrtime() + SECONDS * 1e9
  repeat
    local started = uv.hrtime()
    rows = #session:query(query):all()
    best = math.min(best, (uv.hrtime() - started) / 1e6)
  until uv.hrtime() > ended
  return best, rows
end

local function measure_size(place, tasks)
  local data = ("%s/%d"):format(place.path, tasks)
  shell("%s seed --project bench --shots %d --data %s > /dev/null", PROGRAM, math.max(1, tasks // TASKS_PER_SHOT), data)
  local session <close> = moonshift.session { data = data }
  fill(session)
  local words, figures = look_around(session), {}
  for i, query in ipairs(QUERIES) do
    local best_ms, rows = time(session, (query:gsub("%$([%a_]+)", words)))
    figures[i] = { best_ms = best_ms, rows = rows }
  end
  return figures
end

local place <close> = measure.folder()
local small, large = measure_size(place, SIZES[1]), measure_size(place, SIZES[2])
print(("queries among %d and %d tasks: ms, rows, ratio"):format(SIZES[1], SIZES[2]))
for i, query in ipairs(QUERIES) do
  local one, other = small[i], large[i]
  print(("  %8.3f %8.3f   %5d %5d   %8.1f   %s"):format(one.best_ms, other.best_ms, one.rows, other.rows,
    other.best_ms / one.best_ms, query))
end
