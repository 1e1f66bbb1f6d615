/* The model: entity types, their attributes and relations, as data.
 *
 * catalogue.txt describes every type once; generate.lua checks it at build time and prints it as
 * constant C tables, so that the built-in model costs nothing at start-up. The tables of the store,
 * the resolver of the query compiler, the schema document and its hash all come from here.
 * A model can also be read from the schema document of another server: same structs, without storage.
 *
 * Everything here is constant and borrowed: the built-in model lives as long as the process, a read
 * one until ms_model_free. */
#ifndef MS_MODEL_MODEL_H
#define MS_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/checksum.h"
#include "base/error.h"
#include "base/json.h"

struct ms_entity_type;

/* ---- attributes ---- */

enum ms_attribute_kind {
  MS_KIND_SCALAR,     /* a value of `value_type` */
  MS_KIND_REFERENCE,  /* one entity of `target`, or none */
  MS_KIND_COLLECTION, /* entities of `target` */
  MS_KIND_MAPPED      /* entities of `target` that clients see as key → value */
};

/* What a scalar holds, and how its column stores it. */
enum ms_value_type {
  MS_VALUE_NONE,     /* not a scalar */
  MS_VALUE_STRING,   /* TEXT; ids are strings, too */
  MS_VALUE_JSON,     /* TEXT that holds JSON text; on the wire a string (Job.data) */
  MS_VALUE_BOOLEAN,  /* INTEGER 0 or 1 */
  MS_VALUE_INTEGER,  /* INTEGER */
  MS_VALUE_NUMBER,   /* REAL */
  MS_VALUE_DATETIME, /* INTEGER, microseconds since 1970-01-01T00:00:00Z */
  MS_VALUE_OBJECT,   /* TEXT that holds JSON text; on the wire an object */
  MS_VALUE_VARIABLE  /* TEXT that holds JSON text; on the wire any value */
};

/* Bits of ms_attribute.flags. */
enum ms_attribute_flag {
  MS_ATTRIBUTE_REQUIRED = 1 << 0,           /* must have a value when a batch ends */
  MS_ATTRIBUTE_IMMUTABLE = 1 << 1,          /* clients may set it once, at most */
  MS_ATTRIBUTE_COMPUTED = 1 << 2,           /* listed under `computed` in the schema document */
  MS_ATTRIBUTE_RESTRICTED = 1 << 3,         /* in conditions alone, never selected */
  MS_ATTRIBUTE_PRIMARY_KEY = 1 << 4,        /* part of the primary key */
  MS_ATTRIBUTE_DEFAULT_PROJECTION = 1 << 5, /* selected where a query has no select */
  MS_ATTRIBUTE_SYSTEM_PROJECTION = 1 << 6,  /* always part of an answer */
  MS_ATTRIBUTE_UNTYPED = 1 << 7,   /* the schema document hides its type (a known oddity) */
  MS_ATTRIBUTE_TYPE_NAME = 1 << 8, /* an entity type's name; classic servers store its alias and
                                      translate, we store the name */
  MS_ATTRIBUTE_LINKED = 1 << 9,    /* a scalar whose document also has a $ref to `target` */
  MS_ATTRIBUTE_HIDDEN = 1 << 10    /* works like any other but is not in the document */
};

/* Where the value of an attribute comes from. */
enum ms_storage_kind {
  MS_STORED_UNKNOWN, /* in models of other servers */
  MS_STORED_COLUMN, /* scalar: `column` of its own row. reference: `column` holds the target's key */
  MS_STORED_INVERSE, /* rows of the target whose `column` equals our primary_key[0] */
  MS_STORED_LINK,    /* rows of the target that `link_table` pairs with us */
  MS_STORED_COMPUTED /* as `computed` says */
};

/* How a computed attribute comes about; one word of catalogue.txt each. */
/* clang-format off */
#define MS_COMPUTED_TABLE(X)                                                                      \
  X(LINK, "link")                           /* list of {id, name, type}, project first */         \
  X(THUMBNAIL_URL, "thumbnail_url")         /* {"url": of the picture thumbnail_id} */            \
  X(COMPONENT_URL, "component_url")         /* {"url": of the data of component_id} */            \
  X(COMPONENT_THUMBNAIL_URL, "component_thumbnail_url") /* {"url": of component_id's picture} */  \
  X(ANCESTORS, "ancestors")                 /* typed contexts above, along parent_id */           \
  X(DESCENDANTS, "descendants")             /* typed contexts below, along parent_id */           \
  X(TIME_LOGGED, "time_logged")             /* sum of the context's Timelog.duration, seconds */  \
  X(TIME_LEFT, "time_left")                 /* bid minus time logged, seconds */                  \
  X(LATEST_VERSION, "latest_version")       /* the asset's version with the highest number */     \
  X(IS_LATEST_VERSION, "is_latest_version") /* whether its asset has no higher number */          \
  X(IS_OPEN, "is_open")                     /* whether now lies in start_date … end_date */       \
  X(CONFIGURATION_KEY, "configuration_key") /* `key` of the configuration */
/* clang-format on */

enum ms_computed {
  MS_COMPUTED_NOT,
#define MS_COMPUTED_ENUM(name, word) MS_COMPUTED_##name,
  MS_COMPUTED_TABLE(MS_COMPUTED_ENUM)
#undef MS_COMPUTED_ENUM
};

struct ms_storage {
  enum ms_storage_kind kind;
  enum ms_computed computed; /* COMPUTED, else MS_COMPUTED_NOT */
  const char *column; /* COLUMN: of our own table. INVERSE: of the target's table. Else NULL */
  const char
      *second_column; /* COLUMN: holds primary_key[1] of the target, where it has two; or NULL */
  const char *link_table;         /* LINK: table with the two columns, else NULL */
  const char *link_own_column;    /* LINK: holds our primary_key[0] */
  const char *link_target_column; /* LINK: holds primary_key[0] of the target */
  const char *filter_column;      /* INVERSE: constant condition on the target's table, or NULL */
  const char *filter_value;       /* the text that filter_column must equal */
};

/* What the server puts into an attribute that a creation leaves out. */
/* clang-format off */
#define MS_FILL_TABLE(X)                                                                        \
  X(NOW, "now")             /* the time of the batch */                                         \
  X(FORTNIGHT, "fortnight") /* two weeks after it */                                            \
  X(CALLER, "caller")       /* id of the acting user */                                         \
  X(PROJECT, "project")     /* the parent's project_id; a project's own id */                   \
  X(STATUS, "status")       /* first status that the project's schema has for it */             \
  X(TYPE, "type")           /* first type that the project's schema has for it */               \
  X(VERSION, "version")     /* one more than the asset's highest version, from 1 */             \
  X(USERNAME, "username")   /* a name that nobody has yet */                                    \
  X(SEQUENCE, "sequence")   /* one more than the highest in the table, from 1 */                \
  X(UUID, "uuid")           /* a new UUID */                                                    \
  X(TYPE_OF, "type_of")     /* name of the type of the entity whose id `fill_argument` holds */
/* clang-format on */

enum ms_fill {
  MS_FILL_NOTHING,
  MS_FILL_VALUE, /* `fill_argument` is the value as JSON text */
#define MS_FILL_ENUM(name, word) MS_FILL_##name,
  MS_FILL_TABLE(MS_FILL_ENUM)
#undef MS_FILL_ENUM
};

/* A subtype shares its base's record unless it overrides the attribute. */
struct ms_attribute {
  const char *name;
  const struct ms_entity_type *declared_by; /* the type whose description this is */
  enum ms_attribute_kind kind;
  enum ms_value_type value_type;       /* of a scalar, else MS_VALUE_NONE */
  const struct ms_entity_type *target; /* of a relation (or a LINKED scalar), else NULL */
  /* Whose rows a relation finds, else NULL. Mostly `target`; a base of it where the declared type is
   * too narrow (Status.tasks is declared with Task and yields shots, too). */
  const struct ms_entity_type *row_type;
  const char *alias; /* the name on classic servers ("showid"), or NULL */
  /* JSON text, or NULL for none; "{uid}", quotes included, means a new UUID. */
  const char *default_json;
  enum ms_fill fill;
  const char *fill_argument;      /* of VALUE and TYPE_OF, else NULL */
  const char *const *enum_values; /* allowed values, or NULL for any */
  size_t enum_count;
  unsigned flags;                                /* enum ms_attribute_flag */
  const struct ms_entity_type *foreign_key_type; /* whose id this scalar holds, or NULL */
  /* The same as the schema document spells it ("User.user_id"), or NULL. Column and even type need
   * not exist. */
  const char *foreign_key;
  const char *key_attribute;   /* MAPPED: attribute of `target` that is the key, or NULL */
  const char *value_attribute; /* MAPPED: attribute of `target` that is the value, or NULL */
  struct ms_storage storage;
};

/* ---- columns: what a family's table consists of ---- */

enum ms_column_type { MS_COLUMN_TEXT, MS_COLUMN_INTEGER, MS_COLUMN_REAL };

/* What happens to a row when the entity whose id the column holds is deleted. */
enum ms_on_delete {
  MS_ON_DELETE_NOTHING, /* holds no id */
  MS_ON_DELETE_CLEAR,   /* the column becomes null */
  MS_ON_DELETE_CASCADE, /* the row is deleted, too */
  MS_ON_DELETE_REFUSE   /* the deletion is an integrity error */
};

struct ms_column {
  const char *name;
  enum ms_column_type type;
  /* The type whose id it holds. NULL when it holds none; with an `on_delete` other than NOTHING, that
   * of an entity of any type. */
  const struct ms_entity_type *references;
  enum ms_on_delete on_delete;
  bool is_key;     /* part of the primary key; never null */
  bool is_hidden;  /* no attribute of this name: a type_column */
  bool is_indexed; /* rows are found by it: wants an index of its own */
  bool is_ordered; /* rows of one type are put in order by it: wants an index behind the type */
  bool is_sparse;  /* null in most rows: an index leaves those out */
};

/* Columns that no two rows of a table share (nulls apart). */
struct ms_unique {
  const char *const *columns;
  size_t column_count;
};

/* A table of pairs that is no entity type itself. */
struct ms_link_table {
  const char *name;
  const char *columns[2];                /* both TEXT, together the primary key */
  const struct ms_entity_type *types[2]; /* whose ids they hold */
};

/* ---- types ---- */

struct ms_entity_type {
  const char *name;
  const char *alias; /* table name on classic servers ("Show"), or NULL */
  /* With `alias`: the column and its value that tell this subtype, by its classic name
   * ("object_typeid"), or NULL; and the attribute of that column (object_type_id). */
  const char *classifier_column;
  const char *classifier_value;
  const struct ms_attribute *classifier;
  const struct ms_entity_type *base; /* NULL for the root of a family */
  const struct ms_entity_type *root; /* the top of the family, often itself */
  const char *table;                 /* of the family; NULL in models of other servers */
  /* Column of `table` with the concrete type's name ("__entity_type__"); NULL if the family has one
   * type alone. A table that serves two families has one such column for each. */
  const char *type_column;
  const char *stored_as; /* the name written there on creation; mostly `name` */
  bool is_polymorphic;   /* has subtypes: rows found under this name may be of one of them */
  bool is_group_by;      /* allows aggregates with group by */

  const struct ms_attribute *const
      *attributes; /* inherited ones included; sorted by name (strcmp) */
  size_t attribute_count;
  const struct ms_attribute *const *primary_key; /* in the order of entity_key */
  size_t primary_key_count;
  const struct ms_attribute *const *default_projections;
  size_t default_projection_count;
  const struct ms_attribute *const *system_projections; /* those that are attributes */
  size_t system_projection_count;

  const struct ms_entity_type *const *descendants; /* itself first, then all below it by name */
  size_t descendant_count;

  /* Of the family's table, all subtypes' columns included, key first; none on subtypes, and none on
   * a root that lives in another's table (see `table`). */
  const struct ms_column *columns;
  size_t column_count;
  const struct ms_unique *uniques;
  size_t unique_count;

  /* All system projections as the schema document spells them: by alias ("showid"), some without an
   * attribute; NULL-terminated. */
  const char *const *system_projection_names;
  /* Relations that a document which was read lists, to types that it does not have: no attributes;
   * NULL-terminated, or NULL for none. */
  const char *const *left_out;
};

struct ms_model {
  const struct ms_entity_type *types; /* in the order of the schema document */
  size_t type_count;
  const struct ms_entity_type *const *types_by_name; /* the same, sorted by name (strcmp) */
  const struct ms_link_table *link_tables;
  size_t link_table_count;
};

enum {
  MS_MODEL_DOCUMENT_BYTES_MAX = 16 * 1024 * 1024, /* of a schema document that is read or printed */
  MS_MODEL_TYPES_MAX = 4096,                      /* types in a document that is read */
  MS_MODEL_ATTRIBUTES_MAX = 1024                  /* attributes per type in it, names per list */
};

/* The model of this program: static, never freed. */
const struct ms_model *
ms_model_builtin(void);

/* The type `name` (exact spelling), or NULL. */
const struct ms_entity_type *
ms_model_type(const struct ms_model *model, const char *name);

/* As ms_model_type for a name that is not NUL-terminated. */
const struct ms_entity_type *
ms_model_type_n(const struct ms_model *model, const char *name, size_t size_bytes);

/* The name of the type most like `name`, or NULL when none is near. */
const char *
ms_model_nearest_type(const struct ms_model *model, const char *name);

/* The attribute `name` of `type`, inherited ones included, or NULL. */
const struct ms_attribute *
ms_type_attribute(const struct ms_entity_type *type, const char *name);

/* As ms_type_attribute for a name that is not NUL-terminated. */
const struct ms_attribute *
ms_type_attribute_n(const struct ms_entity_type *type, const char *name, size_t size_bytes);

/* The name of the attribute most like `name`, or NULL when none is near. */
const char *
ms_type_nearest_attribute(const struct ms_entity_type *type, const char *name);

/* Whether `type` is `ancestor` or inherits from it. */
bool
ms_type_is_a(const struct ms_entity_type *type, const struct ms_entity_type *ancestor);

/* The word of MS_COMPUTED_TABLE, "" for MS_COMPUTED_NOT. */
const char *
ms_computed_name(enum ms_computed computed);

/* The word of MS_FILL_TABLE, "value" for MS_FILL_VALUE, "" for MS_FILL_NOTHING. */
const char *
ms_fill_name(enum ms_fill fill);

/* ---- the schema document ---- */

/* Writes the list of schema objects that query_schemas answers, keys sorted. */
void
ms_model_print_schemas(const struct ms_model *model, struct ms_json_writer *writer);

/* The document's MD5 in lower-case hex, as clients compute it over Python's form of the sorted
 * document. The built-in model's is made once and kept: not thread-safe on the first call. For a model
 * that was read it is the hash of what we would print, which need not be the server's. MS_MEMORY is
 * the only failure. */
enum ms_status
ms_model_schema_hash(const struct ms_model *model, char hash[MS_MD5_HEX_SIZE],
                     struct ms_error *err);

/* Reads the schema document of any server into a new model (owned; ms_model_free). Unknown keys are
 * skipped, unknown value types become MS_VALUE_VARIABLE, names that only the lists know become hidden
 * attributes. MS_PARSE for bad JSON; MS_PROTOCOL, naming the type, for a document that does not hang
 * together (a relation to an unknown type, no primary key, …); MS_LIMIT beyond the limits above. */
enum ms_status
ms_model_parse(const char *text, size_t size_bytes, struct ms_model **model, struct ms_error *err);

/* Frees a model that ms_model_parse made; NULL is fine. */
void
ms_model_free(struct ms_model *model);

#endif
