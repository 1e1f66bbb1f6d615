/* How many bytes a second may pass: a budget that fills with time and that any number of transfers spend together.
 *
 * Pure: the time is given. A piece that begins while there is budget passes whole; what it takes too much is waited
 * for before the next. So the mean holds, and what was not used for a while is lost but for a tenth of a second. */
#ifndef MS_HTTP_RATE_H
#define MS_HTTP_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum { MS_RATE_MIN_BYTES_PER_SECOND = 1024 };

struct ms_rate {
  int64_t bytes_per_second;
  int64_t balance_bytes; /* may be negative */
  int64_t at_us;         /* by the monotonic clock: when the balance was that */
};

void
ms_rate_begin(struct ms_rate *rate, int64_t bytes_per_second, int64_t now_us);

/* Whether bytes may pass now. */
bool
ms_rate_may(struct ms_rate *rate, int64_t now_us);

/* So many have passed. */
void
ms_rate_spend(struct ms_rate *rate, int64_t size_bytes);

/* How many to move at once: small enough that several transfers take turns. */
int64_t
ms_rate_piece_bytes(const struct ms_rate *rate);

/* How long until bytes may pass: milliseconds, at least 1, some of them at a time. */
int64_t
ms_rate_wait_ms(struct ms_rate *rate, int64_t now_us);

#endif
