/* Leases: the promise that a living process looks after a running job.
 *
 * A lease is a small file in the state folder, locked for as long as its owner lives: the kernel gives the
 * lock back when the process ends, however it ends, so neither pids nor clocks are trusted. A lease that
 * nobody holds is abandoned; whoever locks it next may settle its job, and no two can at once. */
#ifndef MS_JOB_LEASE_H
#define MS_JOB_LEASE_H

#include <stddef.h>

#include "base/error.h"

struct ms_lease;

enum {
  MS_LEASE_TEXT_MAX_BYTES = 64 * 1024,
  MS_LEASE_COUNT_MAX = 10000 /* leases looked at in one pass */
};

/* Creates the lease FOLDER/NAME.json (the folder too, mode 0700) and writes `text` durably. MS_EXISTS
 * when somebody holds one of that name; MS_IO where files cannot be locked. */
enum ms_status
ms_lease_acquire(const char *folder, const char *name, const char *text, size_t text_bytes,
                 struct ms_lease **lease, struct ms_error *err);

/* Replaces the text: for what matters only while this machine goes on, so it is not synced. */
enum ms_status
ms_lease_update(struct ms_lease *lease, const char *text, size_t text_bytes, struct ms_error *err);

/* The text, owned by the lease. NUL-terminated. */
const char *
ms_lease_text(const struct ms_lease *lease, size_t *text_bytes);

/* Its name. Borrowed. */
const char *
ms_lease_name(const struct ms_lease *lease);

/* The job is settled: removes the file and frees. */
void
ms_lease_release(struct ms_lease *lease);

/* Lets go without removing the file: it counts as abandoned again. Frees. NULL is fine. */
void
ms_lease_abandon(struct ms_lease *lease);

/* Takes over up to `maximum` abandoned leases of the folder; *count tells how many. A folder that does
 * not exist has none. Each must be released or abandoned by the caller. What is left of leases whose owner died
 * while it created them is removed. */
enum ms_status
ms_lease_take_abandoned(const char *folder, struct ms_lease **leases, size_t maximum, size_t *count,
                        struct ms_error *err);

#endif
