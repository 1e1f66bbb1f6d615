/* One function per kind of value, in a table by the name of the custom attribute's type. */
#include "api/custom_value.h"

#include <math.h>
#include <string.h>

#include "api/ask.h"
#include "api/owner.h"
#include "base/clock.h"

/* What a configuration says about its values. */
struct configuration {
  const char *key;       /* in the batch's arena, as the others */
  const char *type_name; /* of its CustomAttributeType */
  const char *config;    /* JSON text */
};

/* ---- one function per kind of value ---- */

/* Answers the value as it is kept, often the same one, or NULL when it does not fit. */
typedef const struct ms_json_node *(*fitter)(struct ms_arena *arena,
                                             const struct ms_json_node *value,
                                             const struct ms_json_node *config);

static const struct ms_json_node *
make_string(struct ms_arena *arena, const char *text)
{
  struct ms_json_node *node = MS_ARENA_NEW(arena, struct ms_json_node);
  const char *copy = ms_arena_strdup(arena, text);
  if (!node || !copy)
    return NULL;
  node->type = MS_JSON_STRING;
  node->string = copy;
  node->string_bytes = strlen(copy);
  return node;
}

/* The text of a date, which may come dressed as one, or NULL. */
static const char *
date_text(const struct ms_json_node *value)
{
  if (value->type == MS_JSON_STRING)
    return value->string;
  return ms_json_get_string(value, "__type__") ? ms_json_get_string(value, "value") : NULL;
}

/* A client dresses every text that looks like a date. */
static const struct ms_json_node *
fit_text(struct ms_arena *arena, const struct ms_json_node *value,
         const struct ms_json_node *config)
{
  (void)config;
  if (value->type == MS_JSON_STRING)
    return value;
  const char *text = date_text(value);
  return text ? make_string(arena, text) : NULL;
}

static const struct ms_json_node *
fit_boolean(struct ms_arena *arena, const struct ms_json_node *value,
            const struct ms_json_node *config)
{
  (void)arena;
  (void)config;
  return value->type == MS_JSON_TRUE || value->type == MS_JSON_FALSE ? value : NULL;
}

static const struct ms_json_node *
fit_number(struct ms_arena *arena, const struct ms_json_node *value,
           const struct ms_json_node *config)
{
  (void)arena;
  const struct ms_json_node *is_decimal = ms_json_get(config, "isdecimal");
  bool may_be_broken = !is_decimal || is_decimal->type != MS_JSON_FALSE;
  if (value->type == MS_JSON_INTEGER)
    return value;
  if (value->type != MS_JSON_NUMBER)
    return NULL;
  return may_be_broken || value->number == floor(value->number) ? value : NULL;
}

/* Kept as it is answered: dressed, in UTC. */
static const struct ms_json_node *
fit_date(struct ms_arena *arena, const struct ms_json_node *value,
         const struct ms_json_node *config)
{
  (void)config;
  char time[MS_TIME_TEXT_SIZE];
  int64_t time_us = 0;
  struct ms_json_node *date = NULL;
  const char *text = date_text(value);
  if (!text || ms_time_parse(text, strlen(text), &time_us, NULL) != MS_OK)
    return NULL;
  ms_time_format(time_us, time);
  const char *json = ms_arena_printf(arena, "{\"__type__\":\"datetime\",\"value\":\"%s\"}", time);
  return json && ms_json_parse(arena, json, strlen(json), &date, NULL) == MS_OK ? date : NULL;
}

/* A list of texts; one text alone is made one. */
static const struct ms_json_node *
fit_choice(struct ms_arena *arena, const struct ms_json_node *value,
           const struct ms_json_node *config)
{
  (void)config;
  if (value->type == MS_JSON_STRING) {
    struct ms_json_node *list = MS_ARENA_NEW(arena, struct ms_json_node);
    if (!list)
      return NULL;
    *list = (struct ms_json_node){.type = MS_JSON_ARRAY, .count = 1};
    list->first = (struct ms_json_node *)make_string(arena, value->string);
    return list->first ? list : NULL;
  }
  if (value->type != MS_JSON_ARRAY)
    return NULL;
  for (const struct ms_json_node *item = value->first; item; item = item->next)
    if (item->type != MS_JSON_STRING)
      return NULL;
  return value;
}

static const struct kind {
  const char *type_name;
  fitter fit;
  const char *takes; /* for the message */
} kinds[] = {
    {"text", fit_text, "a text"},
    {"url", fit_text, "a text"},
    {"boolean", fit_boolean, "true or false"},
    {"number", fit_number, "a number, whole unless it is set up as decimal"},
    {"date", fit_date, "a date"},
    {"enumerator", fit_choice, "a list of texts"},
    {"dynamic enumerator", fit_choice, "a list of texts"},
};

/* The kind of values of a type of custom attribute, or NULL for one without rules. */
static const struct kind *
find_kind(const char *type_name)
{
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].type_name, type_name) == 0)
      return &kinds[i];
  return NULL;
}

/* ---- the configuration ---- */

static enum ms_status
copy_column(struct ms_batch *batch, struct ms_statement *statement, int column, const char **copy,
            struct ms_error *err)
{
  const char *text = ms_statement_text(statement, column, NULL);
  *copy = ms_arena_strdup(batch->arena, text ? text : "");
  return *copy ? MS_OK : ms_batch_out_of_memory(err);
}

static enum ms_status
read_configuration(struct ms_batch *batch, const char *id, struct configuration *configuration,
                   bool *found, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status =
      ms_database_prepare(batch->api->database,
                          "SELECT c.key, t.name, c.config FROM CustomConfigurationBase c"
                          " JOIN CustomAttributeType t ON t.id = c.type_id WHERE c.id = ?1",
                          &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, id);
  status = ms_statement_step(statement, found, err);
  if (status == MS_OK && *found)
    status = copy_column(batch, statement, 0, &configuration->key, err);
  if (status == MS_OK && *found)
    status = copy_column(batch, statement, 1, &configuration->type_name, err);
  if (status == MS_OK && *found)
    status = copy_column(batch, statement, 2, &configuration->config, err);
  ms_statement_done(statement);
  return status;
}

/* ---- values ---- */

static enum ms_status
fit(struct ms_batch *batch, const struct configuration *configuration,
    const struct ms_json_node *node, struct ms_parameter *value, struct ms_error *err)
{
  struct ms_json_node *config = NULL;
  const struct kind *kind = find_kind(configuration->type_name);
  if (!kind || node->type == MS_JSON_NULL)
    return MS_OK;
  /* People write configurations: one that is no JSON sets no limits. */
  if (ms_json_parse(batch->arena, configuration->config, strlen(configuration->config), &config,
                    NULL) != MS_OK)
    config = NULL;
  const struct ms_json_node *kept = kind->fit(batch->arena, node, config);
  if (!kept)
    return ms_fail(err, MS_INVALID, "custom attribute '%.100s' takes %s, not %s",
                   configuration->key, kind->takes, ms_json_type_name(node->type));
  return kept == node ? MS_OK : ms_value_as_json(batch, kept, value, err);
}

enum ms_status
ms_custom_value_fit(struct ms_batch *batch, const char *configuration_id,
                    struct ms_parameter *value, struct ms_error *err)
{
  struct configuration configuration;
  struct ms_json_node *node = NULL;
  bool found = false;
  if (value->type != MS_PARAMETER_TEXT)
    return MS_OK;
  enum ms_status status = read_configuration(batch, configuration_id, &configuration, &found, err);
  if (status == MS_OK && found)
    status = ms_json_parse(batch->arena, value->text, value->text_bytes, &node, err);
  if (status != MS_OK || !found)
    return status;
  return fit(batch, &configuration, node, value, err);
}

enum ms_status
ms_custom_value_fit_default(struct ms_batch *batch, const char *type_id, struct ms_parameter *value,
                            struct ms_error *err)
{
  const struct ms_parameter id = ms_text_parameter(type_id);
  struct ms_parameter name;
  bool is_empty = value->type == MS_PARAMETER_TEXT && strcmp(value->text, "\"\"") == 0;
  if (!is_empty)
    return MS_OK;
  enum ms_status status = ms_ask(batch, "SELECT name FROM CustomAttributeType WHERE id = ?1", &id,
                                 1, MS_COLUMN_TEXT, &name, err);
  const struct kind *kind =
      status == MS_OK && name.type == MS_PARAMETER_TEXT ? find_kind(name.text) : NULL;
  if (kind && kind->fit != fit_text)
    *value = (struct ms_parameter){.type = MS_PARAMETER_NULL};
  return status;
}

/* ---- types ---- */

/* The subtype of `base` whose values are those of entities of this type, or NULL. */
static const struct ms_entity_type *
find_subtype(const struct ms_entity_type *base, const struct ms_entity_type *entity_type)
{
  for (size_t i = 0; i < base->descendant_count; i++) {
    const struct ms_attribute *id = ms_type_attribute(base->descendants[i], "entity_id");
    if (id->foreign_key_type && ms_type_is_a(entity_type, id->foreign_key_type))
      return base->descendants[i];
  }
  return NULL;
}

enum ms_status
ms_custom_value_classify(struct ms_batch *batch, struct ms_row *row, struct ms_error *err)
{
  const char *name = NULL;
  const struct ms_cell *cell = ms_row_cell(row, "entity_id");
  if (strcmp(row->type->name, "CustomAttributeValue") != 0 || !cell ||
      cell->value.type != MS_PARAMETER_TEXT)
    return MS_OK;
  enum ms_status status =
      ms_find_type_of(batch, row->type, "entity_id", cell->value.text, &name, err);
  if (status != MS_OK)
    return status;
  const struct ms_entity_type *type =
      name ? find_subtype(row->type, ms_model_type(batch->api->model, name)) : NULL;
  if (!type)
    return ms_fail(err, MS_NOT_FOUND, "there is no entity '%.100s' with custom attributes",
                   cell->value.text);
  row->type = type;
  return MS_OK;
}
