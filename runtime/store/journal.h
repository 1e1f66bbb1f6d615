/* The journal: operations for a tracker that could not be reached, kept in order until it can.
 *
 * A SQLite file of its own (outbox.db, mode 0600, WAL, synchronous=FULL) that every process of the user
 * shares. An entry belongs to a tracker, a user there and a job; what it means (its kind and body) is
 * the caller's matter, and no secret belongs in it.
 *
 * Who wants to deliver claims a tracker and user first. The claim is a lock of the kernel's: one process
 * has it, and it is free at once when that process ends, however it ends. A delivered entry is removed, a
 * refused one is kept with the tracker's words until somebody drops it. Entries of one job come in
 * order: a later one is not taken while an earlier one waits.
 *
 * A file that is no database, or a broken one, is moved aside with a warning when it is opened: losing
 * what was in it must not stop the work of today. */
#ifndef MS_STORE_JOURNAL_H
#define MS_STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ms_journal;

enum {
  MS_JOURNAL_BODY_MAX_BYTES = 4 * 1024 * 1024, /* of one entry */
  MS_JOURNAL_ENTRIES_MAX = 100000,             /* waiting and refused together */
  MS_JOURNAL_DELAY_MAX_MS = 3600 * 1000        /* between two tries of an entry */
};

/* One operation. Texts are borrowed when an entry is given to us, and part of `block` when it is given
 * out. Times are microseconds since the epoch. */
struct ms_journal_entry {
  int64_t sequence; /* rises with every entry; names it */
  const char *tracker, *user, *job_id;
  const char *kind;  /* a word that tells the deliverer what the body is */
  const char *title; /* a line that tells people what it is */
  const char *body;  /* JSON */
  int64_t created_at_us;
  int64_t attempts; /* tries that reached no verdict */
  int64_t next_try_at_us;
  bool refused;
  const char *error; /* of the last try; NULL when there was none */
  char *block;       /* owned: see ms_journal_entry_free */
};

/* Frees what the entry holds. */
void
ms_journal_entry_free(struct ms_journal_entry *entry);

/* Opens (and creates, with the folder, mode 0700) FOLDER/outbox.db. MS_PERMISSION or MS_IO where nothing
 * can be written, MS_PERMISSION also for a journal that a newer version wrote. */
enum ms_status
ms_journal_open(const char *folder, struct ms_journal **journal, struct ms_error *err);

/* Gives up the claim and closes. NULL is fine. */
void
ms_journal_close(struct ms_journal *journal);

/* Adds an entry: of `entry` the texts up to `body` count. It is on the disk when this returns. MS_LIMIT
 * beyond the limits above. */
enum ms_status
ms_journal_append(struct ms_journal *journal, const struct ms_journal_entry *entry,
                  int64_t *sequence, struct ms_error *err);

/* ---- delivering ---- */

/* Claims a tracker and user for delivery; *claimed tells whether we have them now, or another process
 * does. A claim that we hold already is given up first. */
enum ms_status
ms_journal_claim(struct ms_journal *journal, const char *tracker, const char *user, bool *claimed,
                 struct ms_error *err);

/* Gives up the claim, if there is one. */
void
ms_journal_release(struct ms_journal *journal);

/* Makes every waiting entry of the claim due now. */
enum ms_status
ms_journal_hurry(struct ms_journal *journal, struct ms_error *err);

/* The oldest entry of the claim that is due and first of its job (of this job when `job_id` is not NULL);
 * *found tells whether there is one. It stays in the journal until its verdict: one of those below. Free
 * the entry. */
enum ms_status
ms_journal_take(struct ms_journal *journal, const char *job_id, struct ms_journal_entry *entry,
                bool *found, struct ms_error *err);

/* Verdicts. The claim is not needed; an entry that is gone meanwhile is fine. */

/* It was delivered, or somebody does not want it any more: removes the entry. */
enum ms_status
ms_journal_remove(struct ms_journal *journal, int64_t sequence, struct ms_error *err);

/* The tracker refused it: keeps it, with its words. Longer ones than an error message are cut. */
enum ms_status
ms_journal_refuse(struct ms_journal *journal, int64_t sequence, const char *words,
                  struct ms_error *err);

/* No verdict: another try after `delay_ms` (up to MS_JOURNAL_DELAY_MAX_MS). */
enum ms_status
ms_journal_retry_later(struct ms_journal *journal, int64_t sequence, int64_t delay_ms,
                       const char *words, struct ms_error *err);

/* A refused entry waits again, at its old place. */
enum ms_status
ms_journal_retry(struct ms_journal *journal, int64_t sequence, struct ms_error *err);

/* ---- looking ---- */

/* The first `maximum` entries after the one called `after` (0: from the beginning), in order. Free each
 * of the *count entries. */
enum ms_status
ms_journal_list(struct ms_journal *journal, int64_t after, struct ms_journal_entry *entries,
                size_t maximum, size_t *count, struct ms_error *err);

/* How many wait and how many were refused; of one job, or of all when `job_id` is NULL. */
enum ms_status
ms_journal_count(struct ms_journal *journal, const char *tracker, const char *user,
                 const char *job_id, int64_t *waiting, int64_t *refused, struct ms_error *err);

#endif
