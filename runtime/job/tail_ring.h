/* The end of an endless stream of bytes, in a file of fixed size that is written round and round.
 *
 * Writing costs no more than copying, for the file's pages are there already after the first round. Where
 * the stream ends is noted in the file before and after each write, so what a process wrote before it died
 * can be read by the next one, to the last byte. A file is owned by one writer. */
#ifndef MS_JOB_TAIL_RING_H
#define MS_JOB_TAIL_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ms_tail_ring;

/* Creates the file (mode 0600), in place of one that is there, to keep the last `capacity_bytes` > 0. */
enum ms_status
ms_tail_ring_create(const char *path, int64_t capacity_bytes, struct ms_tail_ring **ring,
                    struct ms_error *err);

/* Opens what another process left. MS_NOT_FOUND without the file; MS_INVALID when it is no ring, which is
 * also so when that process died while it was made. */
enum ms_status
ms_tail_ring_open(const char *path, struct ms_tail_ring **ring, struct ms_error *err);

/* MS_FULL when the disk is full. */
enum ms_status
ms_tail_ring_write(struct ms_tail_ring *ring, const char *data, size_t size_bytes,
                   struct ms_error *err);

/* Reads what is left of the stream, from the beginning of a line on when its beginning was overwritten.
 * `cut_bytes` is how much came before it; `handler` gets it in pieces, and stops the reading by a status. */
typedef enum ms_status (*ms_tail_ring_handler)(void *user, const char *data, size_t size_bytes);

enum ms_status
ms_tail_ring_cut_bytes(struct ms_tail_ring *ring, int64_t *cut_bytes, struct ms_error *err);

enum ms_status
ms_tail_ring_read(struct ms_tail_ring *ring, ms_tail_ring_handler handler, void *user,
                  struct ms_error *err);

/* Closes the file, which stays. NULL is fine. */
void
ms_tail_ring_free(struct ms_tail_ring *ring);

/* Closes and removes the file. NULL is fine. */
void
ms_tail_ring_remove(struct ms_tail_ring *ring);

#endif
