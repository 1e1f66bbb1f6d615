/* Durations as people write them. */
#ifndef MS_BASE_DURATION_H
#define MS_BASE_DURATION_H

#include <stdint.h>

#include "base/error.h"

/* About 100 years: no duration is longer. */
#define MS_DURATION_MAX_MS (INT64_C(100) * 366 * 24 * 60 * 60 * 1000)

/* Reads "90" or "1.5" (seconds) or numbers with units in falling order, without blanks: "1d12h",
 * "1h30m", "2m10s", "500ms". MS_USAGE, naming the text, for anything else, a negative number, or more
 * than MS_DURATION_MAX_MS. Fractions of a millisecond are dropped. */
enum ms_status
ms_duration_parse(const char *text, int64_t *duration_ms, struct ms_error *err);

/* The same for a number of seconds. */
enum ms_status
ms_duration_from_seconds(double seconds, int64_t *duration_ms, struct ms_error *err);

#endif
