/* The first start: rows and secret in one transaction, so that nobody ever sees half of them. */
#include "api/seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/checks.h"
#include "api/write.h"
#include "base/clock.h"

enum { SEED_ARENA_MAX_BYTES = 64 * 1024 * 1024 };

void
ms_seed_id(const char *value, char id[MS_ID_SIZE])
{
  uint8_t b[MS_MD5_BYTES];
  ms_md5(value, strlen(value), b);
  b[6] = (uint8_t)((b[6] & 0x0f) | 0x30); /* a UUID of version 3: of a name */
  b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
  snprintf(id, MS_ID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
           b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
           b[14], b[15]);
}

/* A value of the table as its column holds it. */
static enum ms_status
read_value(struct ms_batch *batch, const struct ms_attribute *attribute, const char *text,
           struct ms_parameter *value, struct ms_error *err)
{
  char id[MS_ID_SIZE];
  if (attribute->value_type != MS_VALUE_STRING)
    return ms_value_decode_text(batch, attribute, text, value, err);
  if (text[0] == '@') {
    ms_seed_id(text, id);
    text = ms_arena_strdup(batch->arena, id);
    if (!text)
      return ms_batch_out_of_memory(err);
  }
  *value = ms_text_parameter(text);
  return MS_OK;
}

static enum ms_status
read_row(struct ms_batch *batch, const struct ms_seed_table *table, const char *const *values,
         struct ms_row *row, struct ms_error *err)
{
  enum ms_status status = ms_write_begin(batch, table->type, row, err);
  for (size_t i = 0; table->names[i] && status == MS_OK; i++) {
    const struct ms_attribute *attribute = ms_type_attribute(row->type, table->names[i]);
    struct ms_parameter value = {.type = MS_PARAMETER_NULL};
    if (!values[i])
      continue;
    status = read_value(batch, attribute, values[i], &value, err);
    if (status == MS_OK)
      ms_row_set(row, attribute->storage.column, attribute, value);
  }
  return status;
}

static enum ms_status
write_row(struct ms_batch *batch, const struct ms_seed_table *table, const char *const *values,
          struct ms_error *err)
{
  struct ms_row row;
  enum ms_status status = read_row(batch, table, values, &row, err);
  return status == MS_OK ? ms_write_new(batch, &row, err) : status;
}

static enum ms_status
write_table(struct ms_batch *batch, const struct ms_seed_table *table, struct ms_error *err)
{
  size_t width = 0;
  enum ms_status status = MS_OK;
  while (table->names[width])
    width++;
  for (size_t i = 0; i < table->value_count && status == MS_OK; i += width)
    status = write_row(batch, table, &table->values[i], err);
  return status;
}

static enum ms_status
write_tables(struct ms_batch *batch, bool empty, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < ms_seed_table_count && status == MS_OK; i++)
    if (ms_seed_tables[i].is_needed || !empty)
      status = write_table(batch, &ms_seed_tables[i], err);
  if (status == MS_OK)
    status = ms_checks_run(batch, err);
  return status == MS_OK ? ms_api_make_secret(batch->api, err) : status;
}

/* Under the write lock: another process may have been faster. */
static enum ms_status
seed_locked(struct ms_batch *batch, bool empty, struct ms_error *err)
{
  enum ms_status status = ms_api_load_secret(batch->api, err);
  return status == MS_NOT_FOUND ? write_tables(batch, empty, err) : status;
}

enum ms_status
ms_api_seed(struct ms_api *api, bool empty, struct ms_error *err)
{
  struct ms_arena arena;
  const struct ms_api_request request = {.base_url = ""};
  ms_arena_init(&arena, SEED_ARENA_MAX_BYTES);
  struct ms_batch batch = {
      .api = api, .request = &request, .arena = &arena, .now_us = ms_clock_now_us()};
  enum ms_status status = ms_database_begin(api->database, err);
  if (status == MS_OK)
    status = seed_locked(&batch, empty, err);
  if (status == MS_OK)
    status = ms_database_commit(api->database, err);
  ms_database_rollback(api->database);
  ms_arena_free(&arena);
  return status;
}
