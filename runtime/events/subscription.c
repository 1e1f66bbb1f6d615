/* A list: a client has a handful. A subscriber's metadata is kept as its JSON text's tree, because
 * targets may ask for anything in it. */
#include "events/subscription.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "events/hub.h"

enum {
  /* Sixteen bytes of a tree for each byte of its text, at most. */
  TREE_MAX_BYTES = 16 * MS_HUB_METADATA_MAX_BYTES
};

struct ms_subscription {
  struct ms_subscription *next;
  const char *id;                      /* of the subscriber; in the arena */
  const struct ms_json_node *metadata; /* of the subscriber; in the arena */
  struct ms_expression *expression;    /* owned */
  struct ms_arena arena;
};

static void
free_subscription(struct ms_subscription *subscription)
{
  ms_expression_free(subscription->expression);
  ms_arena_free(&subscription->arena);
  free(subscription);
}

void
ms_subscriptions_free(struct ms_subscriptions *subscriptions)
{
  while (subscriptions->first) {
    struct ms_subscription *next = subscriptions->first->next;
    free_subscription(subscriptions->first);
    subscriptions->first = next;
  }
  subscriptions->count = 0;
}

/* The subscriber's metadata and id in `data`. */
static enum ms_status
find_subscriber(const struct ms_json_node *data, const struct ms_json_node **metadata,
                const char **id, struct ms_error *err)
{
  *metadata = ms_json_get(data, "subscriber");
  *id = ms_json_get_string(*metadata, "id");
  if (!*id || !**id) {
    return ms_fail(err, MS_INVALID, "a subscription needs data.subscriber.id, a text");
  }
  return MS_OK;
}

/* Copies a tree by way of its text. */
static enum ms_status
copy_tree(struct ms_arena *arena, const struct ms_json_node *tree, struct ms_json_node **copy,
          struct ms_error *err)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  ms_buffer_init(&text, MS_HUB_METADATA_MAX_BYTES);
  ms_json_writer_init(&writer, &text);
  ms_json_node(&writer, tree);
  enum ms_status status = ms_buffer_check(&text, "subscriber", err);
  if (status == MS_OK) {
    status = ms_json_parse(arena, text.data, text.size_bytes, copy, err);
  }
  ms_buffer_free(&text);
  return status;
}

static enum ms_status
make_subscription(const struct ms_json_node *data, struct ms_subscription **result,
                  struct ms_error *err)
{
  const struct ms_json_node *metadata, *text = ms_json_get(data, "subscription");
  const char *id;
  enum ms_status status = find_subscriber(data, &metadata, &id, err);
  if (status != MS_OK) {
    return status;
  }
  if (!text || text->type != MS_JSON_STRING) {
    return ms_fail(err, MS_INVALID, "a subscription needs data.subscription, an expression");
  }
  struct ms_subscription *subscription = calloc(1, sizeof *subscription);
  struct ms_json_node *copy;
  if (!subscription) {
    return ms_fail(err, MS_MEMORY, "out of memory for a subscription");
  }
  ms_arena_init(&subscription->arena, TREE_MAX_BYTES);
  status = ms_expression_compile(text->string, text->string_bytes, &subscription->expression, err);
  if (status == MS_OK) {
    status = copy_tree(&subscription->arena, metadata, &copy, err);
  }
  if (status != MS_OK) {
    free_subscription(subscription);
    return status;
  }
  subscription->metadata = copy;
  subscription->id = ms_json_get_string(copy, "id");
  *result = subscription;
  return MS_OK;
}

static void
remove_by_id(struct ms_subscriptions *subscriptions, const char *id)
{
  for (struct ms_subscription **at = &subscriptions->first; *at;) {
    struct ms_subscription *subscription = *at;
    if (strcmp(subscription->id, id) == 0) {
      *at = subscription->next;
      free_subscription(subscription);
      subscriptions->count--;
    } else {
      at = &subscription->next;
    }
  }
}

enum ms_status
ms_subscriptions_add(struct ms_subscriptions *subscriptions, const struct ms_json_node *data,
                     struct ms_error *err)
{
  struct ms_subscription *subscription = NULL;
  enum ms_status status = make_subscription(data, &subscription, err);
  if (!subscription) {
    return status;
  }
  remove_by_id(subscriptions, subscription->id);
  if (subscriptions->count >= MS_HUB_SUBSCRIPTIONS_MAX) {
    free_subscription(subscription);
    return ms_fail(err, MS_LIMIT, "a connection has at most %d subscriptions",
                   MS_HUB_SUBSCRIPTIONS_MAX);
  }
  subscription->next = subscriptions->first;
  subscriptions->first = subscription;
  subscriptions->count++;
  return MS_OK;
}

enum ms_status
ms_subscriptions_remove(struct ms_subscriptions *subscriptions, const struct ms_json_node *data,
                        struct ms_error *err)
{
  const struct ms_json_node *metadata;
  const char *id;
  enum ms_status status = find_subscriber(data, &metadata, &id, err);
  if (status == MS_OK) {
    remove_by_id(subscriptions, id);
  }
  return status;
}

bool
ms_subscriptions_match(const struct ms_subscriptions *subscriptions,
                       const struct ms_json_node *event, const struct ms_expression *target)
{
  for (const struct ms_subscription *at = subscriptions->first; at; at = at->next) {
    if ((!target || ms_expression_matches(target, at->metadata)) &&
        ms_expression_matches(at->expression, event)) {
      return true;
    }
  }
  return false;
}
