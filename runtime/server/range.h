/* The Range header (RFC 9110, section 14) for one range of bytes. */
#ifndef MS_SERVER_RANGE_H
#define MS_SERVER_RANGE_H

#include <stdint.h>

enum ms_range_kind {
  MS_RANGE_WHOLE, /* no range, several of them, or one that nobody can read */
  MS_RANGE_PART,
  MS_RANGE_UNSATISFIABLE /* begins behind the end */
};

struct ms_range {
  enum ms_range_kind kind;
  uint64_t first;      /* offset of the first byte; PART and WHOLE */
  uint64_t size_bytes; /* how many; PART and WHOLE */
};

/* `header` is the value of the Range header or NULL; the thing it is about has `total_bytes`. */
struct ms_range
ms_range_parse(const char *header, uint64_t total_bytes);

#endif
