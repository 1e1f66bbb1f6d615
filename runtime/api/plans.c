/* Each plan that is kept is a copy in an arena of its own, without what its compilation needed. */
#include "api/plans.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/hash.h"

enum { BUCKETS = 512 /* a power of two, for some slack over the plans kept */ };

struct entry {
  struct ms_arena arena; /* holds all that is pointed to */
  const char *key;
  size_t key_bytes;
  uint64_t hash;
  struct ms_query_plan plan;
  LIST_ENTRY(entry) same; /* in its bucket */
  TAILQ_ENTRY(entry) use; /* the newest first */
};

TAILQ_HEAD(entry_list, entry);

struct ms_plans {
  LIST_HEAD(, entry) buckets[BUCKETS];
  struct entry_list by_use;
  size_t count;
  struct ms_arena last; /* of the last compilation */
  struct ms_buffer key; /* of the source that is looked for */
};

struct ms_plans *
ms_plans_new(void)
{
  struct ms_plans *plans = calloc(1, sizeof *plans);
  if (!plans)
    return NULL;
  TAILQ_INIT(&plans->by_use);
  ms_arena_init(&plans->last, MS_QUERY_ARENA_MAX_BYTES);
  ms_buffer_init(&plans->key, 4 * MS_PLANS_TEXT_MAX_BYTES);
  return plans;
}

static void
remove_entry(struct ms_plans *plans, struct entry *entry)
{
  LIST_REMOVE(entry, same);
  TAILQ_REMOVE(&plans->by_use, entry, use);
  plans->count--;
  ms_arena_free(&entry->arena);
  free(entry);
}

void
ms_plans_free(struct ms_plans *plans)
{
  if (!plans)
    return;
  while (!TAILQ_EMPTY(&plans->by_use))
    remove_entry(plans, TAILQ_FIRST(&plans->by_use));
  ms_arena_free(&plans->last);
  ms_buffer_free(&plans->key);
  free(plans);
}

/* ---- keys ---- */

static void
append_part(struct ms_buffer *key, const char *text, size_t text_bytes)
{
  ms_buffer_append(key, &text_bytes, sizeof text_bytes);
  ms_buffer_append(key, text, text_bytes);
}

static void
append_string(struct ms_buffer *key, const char *string)
{
  append_part(key, string ? string : "", string ? strlen(string) : 0);
}

/* All that the plan depends on. False where it is not to be kept. */
static bool
print_key(const struct ms_plan_source *source, struct ms_buffer *key)
{
  const struct ms_query_context *context = source->context;
  ms_buffer_clear(key);
  if (source->text_bytes > MS_PLANS_TEXT_MAX_BYTES)
    return false;
  ms_buffer_append_char(key, source->text ? 'q' : 'g');
  ms_buffer_append_char(key, context->strict_projections ? 's' : '-');
  append_string(key, context->base_url);
  append_string(key, context->also);
  if (source->text)
    append_part(key, source->text, source->text_bytes);
  else
    append_string(key, source->type->name);
  for (size_t i = 0; i < source->attribute_count; i++)
    append_string(key, source->attributes[i]);
  return key->status == MS_OK;
}

static struct entry *
find(struct ms_plans *plans, uint64_t hash)
{
  const struct ms_buffer *key = &plans->key;
  struct entry *entry;
  LIST_FOREACH(entry, &plans->buckets[hash % BUCKETS], same)
  {
    if (entry->hash == hash && entry->key_bytes == key->size_bytes &&
        memcmp(entry->key, key->data, key->size_bytes) == 0)
      return entry;
  }
  return NULL;
}

/* ---- keeping ---- */

static bool
copy_parameters(struct ms_arena *arena, struct ms_query_plan *plan)
{
  struct ms_parameter *copies = MS_ARENA_ARRAY(arena, struct ms_parameter, plan->parameter_count);
  for (size_t i = 0; copies && i < plan->parameter_count; i++) {
    copies[i] = plan->parameters[i];
    if (copies[i].type == MS_PARAMETER_TEXT) {
      copies[i].text = ms_arena_strndup(arena, copies[i].text, copies[i].text_bytes);
      if (!copies[i].text)
        return false;
    }
  }
  plan->parameters = copies;
  return copies;
}

/* NULL when it is too large. */
static struct entry *
copy_plan(const struct ms_buffer *key, const struct ms_query_plan *plan)
{
  struct entry *entry = calloc(1, sizeof *entry);
  if (!entry)
    return NULL;
  ms_arena_init(&entry->arena, MS_PLANS_KEPT_MAX_BYTES);
  entry->plan = *plan;
  entry->plan.sql = ms_arena_strdup(&entry->arena, plan->sql);
  entry->key = ms_arena_strndup(&entry->arena, key->data, key->size_bytes);
  entry->key_bytes = key->size_bytes;
  if (entry->plan.sql && entry->key && copy_parameters(&entry->arena, &entry->plan))
    return entry;
  ms_arena_free(&entry->arena);
  free(entry);
  return NULL;
}

static void
keep(struct ms_plans *plans, uint64_t hash, const struct ms_query_plan *plan)
{
  struct entry *entry = copy_plan(&plans->key, plan);
  if (!entry)
    return;
  entry->hash = hash;
  LIST_INSERT_HEAD(&plans->buckets[hash % BUCKETS], entry, same);
  TAILQ_INSERT_HEAD(&plans->by_use, entry, use);
  if (++plans->count > MS_PLANS_MAX)
    remove_entry(plans, TAILQ_LAST(&plans->by_use, entry_list));
}

/* ---- finding ---- */

static enum ms_status
compile(const struct ms_plan_source *source, struct ms_arena *arena, struct ms_query_plan **plan,
        struct ms_error *err)
{
  if (source->text)
    return ms_query_compile(source->context, source->text, source->text_bytes, arena, plan, err);
  return ms_query_compile_get(source->context, source->type, source->attributes,
                              source->attribute_count, arena, plan, err);
}

enum ms_status
ms_plans_find(struct ms_plans *plans, const struct ms_plan_source *source,
              const struct ms_query_plan **plan, struct ms_error *err)
{
  bool may_keep = print_key(source, &plans->key);
  uint64_t hash = may_keep ? ms_hash(plans->key.data, plans->key.size_bytes) : 0;
  struct entry *entry = may_keep ? find(plans, hash) : NULL;
  if (entry) {
    TAILQ_REMOVE(&plans->by_use, entry, use);
    TAILQ_INSERT_HEAD(&plans->by_use, entry, use);
    *plan = &entry->plan;
    return MS_OK;
  }
  struct ms_query_plan *fresh = NULL;
  ms_arena_free(&plans->last);
  enum ms_status status = compile(source, &plans->last, &fresh, err);
  if (status == MS_OK && may_keep)
    keep(plans, hash, fresh);
  *plan = fresh;
  return status;
}
