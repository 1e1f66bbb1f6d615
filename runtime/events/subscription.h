/* The subscriptions of one connection. */
#ifndef MS_EVENTS_SUBSCRIPTION_H
#define MS_EVENTS_SUBSCRIPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "events/expression.h"

struct ms_subscription;

struct ms_subscriptions {
  struct ms_subscription *first; /* owned */
  size_t count;
};

void
ms_subscriptions_free(struct ms_subscriptions *subscriptions);

/* Does what an event ftrack.meta.subscribe asks for; `data` is the event's: {"subscriber": {"id", …},
 * "subscription": EXPRESSION}. A subscriber of the same id is replaced, as clients subscribe twice.
 * MS_INVALID, MS_PARSE or MS_LIMIT say what is wrong with it. */
enum ms_status
ms_subscriptions_add(struct ms_subscriptions *subscriptions, const struct ms_json_node *data,
                     struct ms_error *err);

/* Does what ftrack.meta.unsubscribe asks for; an unknown subscriber is none. */
enum ms_status
ms_subscriptions_remove(struct ms_subscriptions *subscriptions, const struct ms_json_node *data,
                        struct ms_error *err);

/* Whether any of them wants the event; `target` limits the subscribers, NULL does not. */
bool
ms_subscriptions_match(const struct ms_subscriptions *subscriptions,
                       const struct ms_json_node *event, const struct ms_expression *target);

#endif
