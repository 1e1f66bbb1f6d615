/* Clocks and the text form of dates.
 *
 * A date-time is a count of microseconds since 1970-01-01T00:00:00Z (int64_t): 292,000 years with no
 * rounding. The wire's form is naive UTC, "2022-10-10T10:12:09", with a fraction only when there is
 * one. */
#ifndef MS_BASE_CLOCK_H
#define MS_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { MS_TIME_TEXT_SIZE = 40 /* bytes of a date-time's text with its NUL */ };

/* Microseconds since the epoch, by the wall clock. */
int64_t
ms_clock_now_us(void);

/* Milliseconds of a clock that never jumps. */
int64_t
ms_clock_monotonic_ms(void);

/* Microseconds of the same clock. */
int64_t
ms_clock_monotonic_us(void);

/* "2022-10-10T10:12:09" or "2022-10-10T10:12:09.250000", UTC, no zone suffix. */
void
ms_time_format(int64_t time_us, char text[MS_TIME_TEXT_SIZE]);

/* Reads YYYY-MM-DD, optionally followed by T or a blank and hh:mm[:ss[.fraction]], optionally by Z
 * or ±hh:mm or ±hhmm (no zone means UTC). MS_INVALID with the text quoted otherwise. */
enum ms_status
ms_time_parse(const char *text, size_t size_bytes, int64_t *time_us, struct ms_error *err);

#endif
