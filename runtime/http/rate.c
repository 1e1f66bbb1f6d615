/* A token bucket with debts. */
#include "http/rate.h"

enum {
  SECOND_US = 1000000,
  KEPT_US = 100000,             /* what is kept of a time in which nothing passed */
  TURN_US = 10000,              /* waking up more often is not worth it */
  PIECES_PER_SECOND = 50,       /* a piece is no larger than that */
  PIECE_MAX_BYTES = 256 * 1024, /* nor than this */
  PIECE_MIN_BYTES = 1024
};

static int64_t
bytes_in(const struct ms_rate *rate, int64_t duration_us)
{
  return (int64_t)((double)rate->bytes_per_second * (double)duration_us / SECOND_US);
}

void
ms_rate_begin(struct ms_rate *rate, int64_t bytes_per_second, int64_t now_us)
{
  if (bytes_per_second < MS_RATE_MIN_BYTES_PER_SECOND) {
    bytes_per_second = MS_RATE_MIN_BYTES_PER_SECOND;
  }
  *rate = (struct ms_rate){.bytes_per_second = bytes_per_second, .at_us = now_us};
}

static void
fill(struct ms_rate *rate, int64_t now_us)
{
  int64_t gained_bytes = bytes_in(rate, now_us - rate->at_us);
  if (gained_bytes <= 0) {
    return; /* not lost: it is counted when it is a byte */
  }
  int64_t kept_bytes = bytes_in(rate, KEPT_US);
  rate->at_us = now_us;
  rate->balance_bytes += gained_bytes;
  if (rate->balance_bytes > kept_bytes) {
    rate->balance_bytes = kept_bytes;
  }
}

bool
ms_rate_may(struct ms_rate *rate, int64_t now_us)
{
  fill(rate, now_us);
  return rate->balance_bytes > 0;
}

void
ms_rate_spend(struct ms_rate *rate, int64_t size_bytes)
{
  rate->balance_bytes -= size_bytes;
}

int64_t
ms_rate_piece_bytes(const struct ms_rate *rate)
{
  int64_t piece_bytes = rate->bytes_per_second / PIECES_PER_SECOND;
  if (piece_bytes > PIECE_MAX_BYTES) {
    return PIECE_MAX_BYTES;
  }
  return piece_bytes < PIECE_MIN_BYTES ? PIECE_MIN_BYTES : piece_bytes;
}

int64_t
ms_rate_wait_ms(struct ms_rate *rate, int64_t now_us)
{
  fill(rate, now_us);
  int64_t missing_bytes = bytes_in(rate, TURN_US) - rate->balance_bytes;
  int64_t wait_us = (int64_t)((double)missing_bytes * SECOND_US / (double)rate->bytes_per_second);
  return wait_us < 1000 ? 1 : (wait_us + 999) / 1000;
}
