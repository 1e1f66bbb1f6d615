/* Fixed ids are those of the protocol: clients have them built in. */
#include "api/seed_rows.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What an object type allows, for ObjectType rows. */
#define CAN(taskable, typeable, statusable, schedulable, reportable)                             \
  "\"is_taskable\": " taskable ", \"is_typeable\": " typeable ", \"is_statusable\": " statusable \
  ", \"is_schedulable\": " schedulable ", \"is_time_reportable\": " reportable                   \
  ", \"is_leaf\": false"

#define LOCATION(label) "\"label\": \"" label "\""
#define STATUS(color, state, sort)                                  \
  "\"color\": \"" color "\", \"is_active\": true, \"sort\": " #sort \
  ", \"state\": {\"__entity_type__\": \"State\", \"id\": \"{State:" state "}\"}"
#define COLOR(color, sort) "\"color\": \"" color "\", \"sort\": " #sort
#define SHORT(word) "\"short\": \"" word "\""
#define SCHEMA_OF(object_type)                                                                     \
  "\"project_schema_id\": \"{ProjectSchema:VFX Scheme}\", \"type_id\": \"{ObjectType:" object_type \
  "}\""

const struct ms_seed_row ms_seed_essentials[] = {
    {"Location", "ftrack.origin", "ce9b348f-8809-11e3-821c-20c9d081909b", LOCATION("Origin")},
    {"Location", "ftrack.unmanaged", "cb268ecc-8809-11e3-a7e2-20c9d081909b", LOCATION("Unmanaged")},
    {"Location", "ftrack.server", "3a372bde-05bc-11e4-8908-20c9d081909b", LOCATION("Server")},
    {"Location", "ftrack.review", "cd41be70-8809-11e3-b98a-20c9d081909b", LOCATION("Review")},
    {"Location", "ftrack.connect", "07b82a97-8cf9-11e3-9383-20c9d081909b", LOCATION("Connect")},

    {"ObjectType", "Task", "11c137c0-ee7e-4f9c-91c5-8c77cec22b2c",
     CAN("false", "true", "true", "true", "true") ", \"sort\": 0"},
    {"ObjectType", "Shot", "bad911de-3bd6-47b9-8b46-3476e237cb36",
     CAN("true", "false", "true", "true", "false") ", \"sort\": 1"},
    {"ObjectType", "Sequence", "e5139355-61da-4c8f-9db4-3abc870166bc",
     CAN("true", "false", "false", "false", "false") ", \"sort\": 2"},
    {"ObjectType", "Episode", "22139355-61da-4c8f-9db4-3abc870166bc",
     CAN("true", "false", "false", "false", "false") ", \"sort\": 3"},
    {"ObjectType", "Asset Build", "4be63b64-5010-42fb-bf1f-428af9d638f0",
     CAN("true", "true", "true", "false", "false") ", \"sort\": 4"},
    {"ObjectType", "Folder", "3c133785-51cb-11e3-980a-20c9d0831e59",
     CAN("true", "false", "false", "false", "false") ", \"sort\": 5"},
    {"ObjectType", "Milestone", "01decdd1-51cb-11e3-9d5b-20c9d0831e59",
     CAN("false", "true", "true", "true", "false") ", \"sort\": 6"},

    {"Priority", "None", "9661b320-3a0c-11e2-81c1-0800200c9a66",
     COLOR("#777777", 0) ", \"value\": 0"},

    {"CustomAttributeType", "text", "6268aef0-381c-11e0-acff-0019bb49847a", NULL},
    {"CustomAttributeType", "date", "79968e9e-381c-11e0-acff-0019bb49847a", NULL},
    {"CustomAttributeType", "url", "ec616dcd-56e2-4147-99f8-7e4a4f040cf9", NULL},
    {"CustomAttributeType", "dynamic enumerator", "882e4aee-fae6-11e3-b623-20c9d0831e59", NULL},
    {"CustomAttributeType", "boolean", NULL, NULL},
    {"CustomAttributeType", "enumerator", NULL, NULL},
    {"CustomAttributeType", "number", NULL, NULL},
    {"CustomAttributeType", "expression", NULL, NULL},
};
const size_t ms_seed_essential_count = COUNT(ms_seed_essentials);

const struct ms_seed_row ms_seed_studio[] = {
    {"State", "Not Started", NULL, SHORT("NOT_STARTED")},
    {"State", "In Progress", NULL, SHORT("IN_PROGRESS")},
    {"State", "Done", NULL, SHORT("DONE")},
    {"State", "Blocked", NULL, SHORT("BLOCKED")},

    {"Status", "Not started", NULL, STATUS("#9aa0a6", "Not Started", 0)},
    {"Status", "In progress", NULL, STATUS("#3498db", "In Progress", 1)},
    {"Status", "Awaiting approval", NULL, STATUS("#f1c40f", "In Progress", 2)},
    {"Status", "Pending", NULL, STATUS("#e67e22", "In Progress", 3)},
    {"Status", "Approved", NULL, STATUS("#1cbc90", "Done", 4)},
    {"Status", "Normal", NULL, STATUS("#95a5a6", "Not Started", 5)},
    {"Status", "On Hold", NULL, STATUS("#e74c3c", "Blocked", 6)},
    {"Status", "Omitted", NULL, STATUS("#34495e", "Done", 7)},

    {"Priority", "Low", NULL, COLOR("#3498db", 1) ", \"value\": 1"},
    {"Priority", "Medium", NULL, COLOR("#f1c40f", 2) ", \"value\": 2"},
    {"Priority", "High", NULL, COLOR("#e67e22", 3) ", \"value\": 3"},
    {"Priority", "Urgent", NULL, COLOR("#e74c3c", 4) ", \"value\": 4"},

    {"Type", "Generic", NULL, COLOR("#1abc9c", 0)},
    {"Type", "Animation", NULL, COLOR("#2ecc71", 1)},
    {"Type", "Modeling", NULL, COLOR("#3498db", 2)},
    {"Type", "Previz", NULL, COLOR("#9b59b6", 3)},
    {"Type", "Lookdev", NULL, COLOR("#34495e", 4)},
    {"Type", "Hair", NULL, COLOR("#16a085", 5)},
    {"Type", "Cloth", NULL, COLOR("#27ae60", 6)},
    {"Type", "FX", NULL, COLOR("#2980b9", 7)},
    {"Type", "Lighting", NULL, COLOR("#8e44ad", 8)},
    {"Type", "Compositing", NULL, COLOR("#f39c12", 9)},
    {"Type", "Tracking", NULL, COLOR("#d35400", 10)},
    {"Type", "Rigging", NULL, COLOR("#c0392b", 11)},
    {"Type", "test 1", NULL, COLOR("#7f8c8d", 12)},
    {"Type", "test type 2", NULL, COLOR("#bdc3c7", 13)},
    {"Type", "Character", NULL, COLOR("#e74c3c", 14)},
    {"Type", "Prop", NULL, COLOR("#f1c40f", 15)},
    {"Type", "Environment", NULL, COLOR("#1abc9c", 16)},
    {"Type", "Matte Painting", NULL, COLOR("#95a5a6", 17)},

    {"AssetType", "Upload", NULL, SHORT("upload")},
    {"AssetType", "Geometry", NULL, SHORT("geo")},
    {"AssetType", "Rig", NULL, SHORT("rig")},
    {"AssetType", "Animation", NULL, SHORT("anim")},
    {"AssetType", "Camera", NULL, SHORT("cam")},
    {"AssetType", "Light rig", NULL, SHORT("lgt")},
    {"AssetType", "Image sequence", NULL, SHORT("img")},
    {"AssetType", "Render", NULL, SHORT("render")},
    {"AssetType", "Comp script", NULL, SHORT("comp")},
    {"AssetType", "Scene", NULL, SHORT("scene")},
    {"AssetType", "Audio", NULL, SHORT("audio")},

    {"WorkflowSchema", "Task workflow", NULL, NULL},
    {"WorkflowSchema", "Version workflow", NULL, NULL},
    {"TaskTypeSchema", "Task types", NULL, NULL},
    {"ProjectSchema", "VFX Scheme", "69cb7f92-4dbf-11e1-9902-f23c91df25eb",
     "\"task_workflow_schema_id\": \"{WorkflowSchema:Task workflow}\", "
     "\"asset_version_workflow_schema_id\": \"{WorkflowSchema:Version workflow}\", "
     "\"task_type_schema_id\": \"{TaskTypeSchema:Task types}\""},
    {"Schema", "#Shot", NULL, SCHEMA_OF("Shot")},
    {"Schema", "#Asset Build", NULL, SCHEMA_OF("Asset Build")},
    {"Schema", "#Sequence", NULL, SCHEMA_OF("Sequence")},
    {"Schema", "#Milestone", NULL, SCHEMA_OF("Milestone")},

    {"NoteCategory", "Internal", NULL, COLOR("#3498db", 0)},
    {"NoteCategory", "Client feedback", NULL, COLOR("#e67e22", 1)},
    {"NoteCategory", "Technical", NULL, COLOR("#9b59b6", 2)},
    {"ListCategory", "Dailies", NULL, NULL},
    {"ListCategory", "Deliveries", NULL, NULL},
    {"ManagerType", "Coordinator", NULL, NULL},
    {"ManagerType", "Supervisor", NULL, NULL},
    {"UserType", "User", NULL, NULL},
    {"Scope", "Default", NULL, NULL},

    {"SecurityRole", "Administrator", NULL, NULL},
    {"SecurityRole", "Project Manager", NULL, NULL},
    {"SecurityRole", "Artist", NULL, NULL},
    {"SecurityRole", "Client", NULL, NULL},
    {"SecurityRole", "API", NULL, NULL},
};
const size_t ms_seed_studio_count = COUNT(ms_seed_studio);

#define WORKFLOW(name, statuses)                                                                 \
  {                                                                                              \
    "WorkflowSchemaStatus", "workflow_schema_id", "WorkflowSchema", name, "status_id", "Status", \
        statuses, 0                                                                              \
  }
#define SCHEMA_STATUSES(name, statuses)                                             \
  {                                                                                 \
    "SchemaStatus", "schema_id", "Schema", name, "status_id", "Status", statuses, 1 \
  }
#define SCHEMA_TYPES(name, types)                                          \
  {                                                                        \
    "SchemaType", "schema_id", "Schema", name, "type_id", "Type", types, 1 \
  }

const struct ms_seed_links ms_seed_studio_links[] = {
    WORKFLOW("Task workflow", "Not started|In progress|Awaiting approval|Approved"),
    WORKFLOW("Version workflow", "Approved|Pending"),
    {"TaskTypeSchemaType", "task_type_schema_id", "TaskTypeSchema", "Task types", "type_id", "Type",
     "Generic|Animation|Modeling|Previz|Lookdev|Hair|Cloth|FX|Lighting|Compositing|Tracking|"
     "Rigging|"
     "test 1|test type 2",
     0},
    {"ProjectSchemaObjectType", "project_schema_id", "ProjectSchema", "VFX Scheme",
     "object_type_id", "ObjectType", "Task|Shot|Sequence|Episode|Asset Build|Folder|Milestone", 0},
    SCHEMA_STATUSES("#Shot", "Normal|Omitted|On Hold"),
    SCHEMA_STATUSES("#Asset Build", "Normal|Omitted|On Hold"),
    SCHEMA_STATUSES("#Sequence", "Normal|Omitted|On Hold"),
    SCHEMA_STATUSES("#Milestone", "Not started|In progress|Approved"),
    SCHEMA_TYPES("#Asset Build", "Character|Prop|Environment|Matte Painting"),
    SCHEMA_TYPES("#Milestone", "Generic"),
};
const size_t ms_seed_studio_link_count = COUNT(ms_seed_studio_links);
