/* One test per type of custom attribute, in a table by the type's name. */
#include "api/custom_value.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

/* What a configuration says about its values. */
struct configuration {
  const char *key;       /* in the batch's arena, as the others */
  const char *type_name; /* of its CustomAttributeType */
  const char *config;    /* JSON text */
};

/* ---- tests ---- */

static bool
is_text(const struct ms_json_node *value, const struct ms_json_node *config)
{
  (void)config;
  return value->type == MS_JSON_STRING;
}

static bool
is_boolean(const struct ms_json_node *value, const struct ms_json_node *config)
{
  (void)config;
  return value->type == MS_JSON_TRUE || value->type == MS_JSON_FALSE;
}

static bool
is_number(const struct ms_json_node *value, const struct ms_json_node *config)
{
  const struct ms_json_node *is_decimal = ms_json_get(config, "isdecimal");
  if (value->type == MS_JSON_INTEGER)
    return true;
  if (value->type != MS_JSON_NUMBER)
    return false;
  return !is_decimal || is_decimal->type != MS_JSON_FALSE || value->number == floor(value->number);
}

static bool
is_date(const struct ms_json_node *value, const struct ms_json_node *config)
{
  (void)config;
  int64_t time_us = 0;
  const char *text = value->type == MS_JSON_STRING ? value->string : NULL;
  if (value->type == MS_JSON_OBJECT && ms_json_get_string(value, "__type__"))
    text = ms_json_get_string(value, "value");
  return text && ms_time_parse(text, strlen(text), &time_us, NULL) == MS_OK;
}

/* A list of texts; one text alone is taken, too. */
static bool
is_choice(const struct ms_json_node *value, const struct ms_json_node *config)
{
  (void)config;
  if (value->type == MS_JSON_STRING)
    return true;
  if (value->type != MS_JSON_ARRAY)
    return false;
  for (const struct ms_json_node *item = value->first; item; item = item->next)
    if (item->type != MS_JSON_STRING)
      return false;
  return true;
}

static const struct {
  const char *type_name;
  bool (*fits)(const struct ms_json_node *value, const struct ms_json_node *config);
  const char *takes; /* for the message */
} tests[] = {
    {"text", is_text, "a text"},
    {"url", is_text, "a text"},
    {"boolean", is_boolean, "true or false"},
    {"number", is_number, "a number, whole unless it is set up as decimal"},
    {"date", is_date, "a date"},
    {"enumerator", is_choice, "a list of texts"},
    {"dynamic enumerator", is_choice, "a list of texts"},
};

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

static enum ms_status
check(struct ms_batch *batch, const struct configuration *configuration,
      const struct ms_json_node *value, struct ms_error *err)
{
  struct ms_json_node *config = NULL;
  /* People write configurations: one that is no JSON sets no limits. */
  if (ms_json_parse(batch->arena, configuration->config, strlen(configuration->config), &config,
                    NULL) != MS_OK)
    config = NULL;
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
    if (strcmp(tests[i].type_name, configuration->type_name) == 0 && !tests[i].fits(value, config))
      return ms_fail(err, MS_INVALID, "custom attribute '%.100s' takes %s, not %s",
                     configuration->key, tests[i].takes, ms_json_type_name(value->type));
  return MS_OK;
}

enum ms_status
ms_custom_value_check(struct ms_batch *batch, const char *configuration_id,
                      const struct ms_parameter *value, struct ms_error *err)
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
  return check(batch, &configuration, node, err);
}
