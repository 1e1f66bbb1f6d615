/* The MD5 of a file while it is moved: taken on libuv's worker threads of what has been sent or received so far,
 * so that the file is read from memory and the line stays full.
 *
 * Nothing blocks a worker: each piece of work is what is there, at most some MiB. */
#ifndef MS_TRANSPORT_DIGEST_H
#define MS_TRANSPORT_DIGEST_H

#include <stdint.h>
#include <uv.h>

#include "base/file_digest.h"

struct ms_digest;

/* The descriptor is duplicated. */
enum ms_status
ms_digest_new(uv_loop_t *loop, const struct ms_file_digest_range *range, struct ms_digest **digest,
              struct ms_error *err);

/* The first `available_bytes` from the range's beginning are there. */
void
ms_digest_advance(struct ms_digest *digest, int64_t available_bytes);

typedef void (*ms_digest_done)(void *user, enum ms_status status, const char *hex,
                               const struct ms_error *err);

/* All `total_bytes` are there: `done` is called from the loop, never from inside this call. */
void
ms_digest_finish(struct ms_digest *digest, int64_t total_bytes, ms_digest_done done, void *user);

/* Ends it without a callback; what a worker reads just now comes to nothing. NULL is fine. */
void
ms_digest_free(struct ms_digest *digest);

#endif
