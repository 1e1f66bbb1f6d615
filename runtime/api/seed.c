/* The first rows are an ordinary batch of creations: they go through the same checks and defaults as
 * everybody else's, in one transaction. */
#include <stdio.h>
#include <string.h>

#include "api/internal.h"
#include "api/seed_rows.h"
#include "base/checksum.h"
#include "base/id.h"
#include "base/json.h"

enum { SEED_MAX_BYTES = 1024 * 1024, NAME_MAX_BYTES = 64 };

/* The known id of a row, or one made from its type and name in the layout of a UUID. */
static void
row_id(const char *type, const char *name, char id[MS_ID_SIZE])
{
  const struct {
    const struct ms_seed_row *rows;
    size_t count;
  } tables[] = {{ms_seed_essentials, ms_seed_essential_count},
                {ms_seed_studio, ms_seed_studio_count}};
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
    for (size_t i = 0; i < tables[t].count; i++) {
      const struct ms_seed_row *row = &tables[t].rows[i];
      if (row->id && strcmp(row->type, type) == 0 && strcmp(row->name, name) == 0) {
        snprintf(id, MS_ID_SIZE, "%s", row->id);
        return;
      }
    }
  char text[2 * NAME_MAX_BYTES], hex[MS_MD5_HEX_SIZE];
  int size = snprintf(text, sizeof text, "moonshift:%s:%s", type, name);
  ms_md5_hex(text, (size_t)size, hex);
  snprintf(id, MS_ID_SIZE, "%.8s-%.4s-3%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17,
           hex + 20);
}

/* Appends `members` with each {Type:Name} replaced by that row's id. A brace that begins a JSON object is
 * followed by a quote, so it is not mistaken. */
static void
append_members(struct ms_buffer *out, const char *members)
{
  for (const char *at = members; *at;) {
    char type[NAME_MAX_BYTES], name[NAME_MAX_BYTES], id[MS_ID_SIZE];
    int size = 0;
    if (*at == '{' && sscanf(at, "{%63[A-Za-z]:%63[^}]}%n", type, name, &size) == 2 && size > 0) {
      row_id(type, name, id);
      ms_buffer_append_string(out, id);
      at += size;
    } else {
      ms_buffer_append_char(out, *at++);
    }
  }
}

static void
begin_create(struct ms_buffer *out, const char *type)
{
  ms_buffer_printf(out,
                   "%s{\"action\": \"create\", \"entity_type\": \"%s\", \"entity_data\": "
                   "{\"__entity_type__\": \"%s\"",
                   out->size_bytes > 1 ? ", " : "", type, type);
}

static void
print_row(struct ms_buffer *out, const struct ms_seed_row *row)
{
  char id[MS_ID_SIZE];
  row_id(row->type, row->name, id);
  begin_create(out, row->type);
  ms_buffer_printf(out, ", \"id\": \"%s\"", id);
  if (row->name[0] != '#')
    ms_buffer_printf(out, ", \"name\": \"%s\"", row->name);
  if (row->members) {
    ms_buffer_append_string(out, ", ");
    append_members(out, row->members);
  }
  ms_buffer_append_string(out, "}}");
}

static void
print_links(struct ms_buffer *out, const struct ms_seed_links *links)
{
  char owner[MS_ID_SIZE], member[MS_ID_SIZE], name[NAME_MAX_BYTES];
  int sort = 0;
  row_id(links->owner_type, links->owner_name, owner);
  for (const char *at = links->member_names; *at; sort++) {
    size_t size = strcspn(at, "|");
    snprintf(name, sizeof name, "%.*s", (int)size, at);
    at += size + (at[size] == '|');
    row_id(links->member_type, name, member);
    begin_create(out, links->type);
    ms_buffer_printf(out, ", \"%s\": \"%s\", \"%s\": \"%s\"", links->owner_column, owner,
                     links->member_column, member);
    if (links->has_sort)
      ms_buffer_printf(out, ", \"sort\": %d", sort);
    ms_buffer_append_string(out, "}}");
  }
}

static void
print_batch(struct ms_buffer *out)
{
  ms_buffer_append_char(out, '[');
  for (size_t i = 0; i < ms_seed_essential_count; i++)
    print_row(out, &ms_seed_essentials[i]);
  for (size_t i = 0; i < ms_seed_studio_count; i++)
    print_row(out, &ms_seed_studio[i]);
  for (size_t i = 0; i < ms_seed_studio_link_count; i++)
    print_links(out, &ms_seed_studio_links[i]);
  ms_buffer_append_char(out, ']');
}

enum ms_status
ms_api_seed(struct ms_api *api, struct ms_error *err)
{
  struct ms_buffer body, answer;
  ms_buffer_init(&body, SEED_MAX_BYTES);
  ms_buffer_init(&answer, SEED_MAX_BYTES);
  print_batch(&body);
  enum ms_status status = ms_buffer_check(&body, "the first rows", err);
  if (!status) {
    struct ms_api_request request = {
        .body = body.data, .body_bytes = body.size_bytes, .base_url = ""};
    status = ms_api_call(api, &request, &answer, err);
    if (status)
      ms_error_prefix(err, "cannot make the first rows");
  }
  ms_buffer_free(&answer);
  ms_buffer_free(&body);
  return status;
}
