/* The entries of the journal: every function is one statement, and so one transaction. */
#include "store/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "store/journal_file.h"

struct ms_journal {
  struct ms_database *database;
  char *folder;
  int claim; /* the lock, or -1 */
  char *tracker, *user;
};

/* ---- entries ---- */

#define COLUMNS                                                                                \
  "sequence, created_at, attempts, next_try_at, refused, tracker, user, job_id, kind, title, " \
  "body, error"

enum { FIRST_TEXT = 5, TEXTS = 7 /* of COLUMNS */ };

void
ms_journal_entry_free(struct ms_journal_entry *entry)
{
  free(entry->block);
  entry->block = NULL;
}

/* Copies the texts of the row behind each other into one block. */
static enum ms_status
read_texts(struct ms_statement *row, struct ms_journal_entry *entry, struct ms_error *err)
{
  const char **const fields[TEXTS] = {&entry->tracker, &entry->user, &entry->job_id, &entry->kind,
                                      &entry->title,   &entry->body, &entry->error};
  size_t sizes[TEXTS], total_bytes = 0;
  for (int i = 0; i < TEXTS; i++) {
    ms_statement_text(row, FIRST_TEXT + i, &sizes[i]);
    total_bytes += sizes[i] + 1;
  }
  char *end = entry->block = malloc(total_bytes);
  if (!end)
    return ms_fail(err, MS_MEMORY, "out of memory for an entry of the outbox");
  for (int i = 0; i < TEXTS; i++) {
    const char *text = ms_statement_text(row, FIRST_TEXT + i, NULL);
    *fields[i] = text ? end : NULL;
    if (text)
      memcpy(end, text, sizes[i]);
    end[sizes[i]] = '\0';
    end += sizes[i] + 1;
  }
  return MS_OK;
}

static enum ms_status
read_entry(struct ms_statement *row, struct ms_journal_entry *entry, struct ms_error *err)
{
  *entry = (struct ms_journal_entry){
      .sequence = ms_statement_integer(row, 0),
      .created_at_us = ms_statement_integer(row, 1),
      .attempts = ms_statement_integer(row, 2),
      .next_try_at_us = ms_statement_integer(row, 3),
      .refused = ms_statement_integer(row, 4) != 0,
  };
  return read_texts(row, entry, err);
}

/* ---- opening ---- */

enum ms_status
ms_journal_open(const char *folder, struct ms_journal **journal, struct ms_error *err)
{
  *journal = NULL;
  struct ms_journal *fresh = calloc(1, sizeof *fresh);
  if (fresh)
    fresh->folder = strdup(folder);
  if (!fresh || !fresh->folder) {
    free(fresh);
    return ms_fail(err, MS_MEMORY, "out of memory for the outbox");
  }
  fresh->claim = -1;
  enum ms_status status = ms_journal_file_open(folder, &fresh->database, err);
  if (status == MS_OK)
    *journal = fresh;
  else
    ms_journal_close(fresh);
  return status;
}

void
ms_journal_close(struct ms_journal *journal)
{
  if (!journal)
    return;
  ms_journal_release(journal);
  ms_database_close(journal->database);
  free(journal->folder);
  free(journal);
}

/* ---- adding ---- */

static enum ms_status
check_size(const struct ms_journal_entry *entry, struct ms_error *err)
{
  if (strlen(entry->body) > MS_JOURNAL_BODY_MAX_BYTES)
    return ms_fail(err, MS_LIMIT,
                   "an operation of %zu bytes is too large for the outbox: %d at most",
                   strlen(entry->body), MS_JOURNAL_BODY_MAX_BYTES);
  return MS_OK;
}

enum ms_status
ms_journal_append(struct ms_journal *journal, const struct ms_journal_entry *entry,
                  int64_t *sequence, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool added = false;
  enum ms_status status = check_size(entry, err);
  if (status == MS_OK)
    status = ms_database_prepare(
        journal->database,
        "INSERT INTO entry (tracker, user, job_id, kind, title, body, created_at)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE (SELECT count(*) FROM entry) < ?8"
        " RETURNING sequence",
        &statement, err);
  if (status != MS_OK)
    return status;
  const char *const texts[] = {entry->tracker, entry->user,  entry->job_id,
                               entry->kind,    entry->title, entry->body};
  for (int i = 0; i < 6; i++)
    ms_statement_bind_string(statement, i + 1, texts[i]);
  ms_statement_bind_integer(statement, 7, ms_clock_now_us());
  ms_statement_bind_integer(statement, 8, MS_JOURNAL_ENTRIES_MAX);
  status = ms_statement_step(statement, &added, err);
  if (status == MS_OK && !added)
    status = ms_fail(err, MS_LIMIT, "the outbox is full: %d entries; deliver or drop some",
                     MS_JOURNAL_ENTRIES_MAX);
  if (status == MS_OK) {
    *sequence = ms_statement_integer(statement, 0);
    status = ms_statement_step(statement, &added, err); /* to its end, which commits */
  }
  ms_statement_done(statement);
  return status;
}

/* ---- delivering ---- */

void
ms_journal_release(struct ms_journal *journal)
{
  if (journal->claim >= 0)
    close(journal->claim);
  journal->claim = -1;
  free(journal->tracker);
  free(journal->user);
  journal->tracker = journal->user = NULL;
}

enum ms_status
ms_journal_claim(struct ms_journal *journal, const char *tracker, const char *user, bool *claimed,
                 struct ms_error *err)
{
  char *name = NULL;
  ms_journal_release(journal);
  *claimed = false;
  journal->tracker = strdup(tracker);
  journal->user = strdup(user);
  if (!journal->tracker || !journal->user || asprintf(&name, "%s\n%s", tracker, user) < 0) {
    ms_journal_release(journal);
    return ms_fail(err, MS_MEMORY, "out of memory for the outbox");
  }
  enum ms_status status = ms_journal_file_lock(journal->folder, name, &journal->claim, err);
  free(name);
  *claimed = journal->claim >= 0;
  if (!*claimed)
    ms_journal_release(journal);
  return status;
}

/* A statement whose first two parameters are the claim. */
static enum ms_status
prepare_for_claim(struct ms_journal *journal, const char *sql, struct ms_statement **statement,
                  struct ms_error *err)
{
  if (journal->claim < 0)
    return ms_fail(err, MS_USAGE, "claim a tracker and user of the outbox first");
  enum ms_status status = ms_database_prepare(journal->database, sql, statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(*statement, 1, journal->tracker);
  ms_statement_bind_string(*statement, 2, journal->user);
  return MS_OK;
}

enum ms_status
ms_journal_hurry(struct ms_journal *journal, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = prepare_for_claim(
      journal, "UPDATE entry SET next_try_at = 0 WHERE tracker = ?1 AND user = ?2 AND refused = 0",
      &statement, err);
  if (status == MS_OK)
    status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}

/* A time of the next try that is further away than any delay was written by a clock that has been set back
 * since: the entry is due. */
enum ms_status
ms_journal_take(struct ms_journal *journal, const char *job_id, struct ms_journal_entry *entry,
                bool *found, struct ms_error *err)
{
  static const char sql[] =
      "SELECT " COLUMNS " FROM entry AS this WHERE tracker = ?1 AND user = ?2 AND refused = 0"
      " AND (?5 IS NULL OR job_id = ?5) AND (next_try_at <= ?3 OR next_try_at > ?4)"
      " AND NOT EXISTS (SELECT 1 FROM entry AS earlier WHERE earlier.tracker = this.tracker"
      " AND earlier.user = this.user AND earlier.job_id = this.job_id AND earlier.refused = 0"
      " AND earlier.sequence < this.sequence)"
      " ORDER BY sequence LIMIT 1";
  struct ms_statement *statement = NULL;
  *found = false;
  enum ms_status status = prepare_for_claim(journal, sql, &statement, err);
  if (status != MS_OK)
    return status;
  int64_t now_us = ms_clock_now_us();
  ms_statement_bind_integer(statement, 3, now_us);
  ms_statement_bind_integer(statement, 4, now_us + MS_JOURNAL_DELAY_MAX_MS * INT64_C(1000));
  ms_statement_bind_string(statement, 5, job_id);
  status = ms_statement_step(statement, found, err);
  if (status == MS_OK && *found)
    status = read_entry(statement, entry, err);
  ms_statement_done(statement);
  return status;
}

/* Runs a statement of ?1 the entry, ?2 words (cut to an error message's size), ?3 a time. */
static enum ms_status
mark(struct ms_journal *journal, const char *sql, int64_t sequence, const char *words,
     int64_t time_us, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(journal->database, sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_integer(statement, 1, sequence);
  if (words) {
    ms_statement_bind_text(statement, 2, words, strnlen(words, MS_ERROR_MESSAGE_MAX - 1));
    ms_statement_bind_integer(statement, 3, time_us);
  }
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_journal_remove(struct ms_journal *journal, int64_t sequence, struct ms_error *err)
{
  return mark(journal, "DELETE FROM entry WHERE sequence = ?1", sequence, NULL, 0, err);
}

enum ms_status
ms_journal_refuse(struct ms_journal *journal, int64_t sequence, const char *words,
                  struct ms_error *err)
{
  return mark(journal,
              "UPDATE entry SET refused = 1, error = ?2, next_try_at = ?3 WHERE sequence = ?1",
              sequence, words, 0, err);
}

enum ms_status
ms_journal_retry_later(struct ms_journal *journal, int64_t sequence, int64_t delay_ms,
                       const char *words, struct ms_error *err)
{
  if (delay_ms < 0 || delay_ms > MS_JOURNAL_DELAY_MAX_MS)
    return ms_fail(err, MS_USAGE, "a delay of %lld ms is not between 0 and %d", (long long)delay_ms,
                   MS_JOURNAL_DELAY_MAX_MS);
  return mark(journal,
              "UPDATE entry SET attempts = attempts + 1, error = ?2, next_try_at = ?3"
              " WHERE sequence = ?1",
              sequence, words, ms_clock_now_us() + delay_ms * 1000, err);
}

enum ms_status
ms_journal_retry(struct ms_journal *journal, int64_t sequence, struct ms_error *err)
{
  return mark(journal, "UPDATE entry SET refused = 0, next_try_at = 0 WHERE sequence = ?1",
              sequence, NULL, 0, err);
}

/* ---- looking ---- */

static enum ms_status
read_entries(struct ms_statement *rows, struct ms_journal_entry *entries, size_t maximum,
             size_t *count, struct ms_error *err)
{
  while (*count < maximum) {
    bool row = false;
    enum ms_status status = ms_statement_step(rows, &row, err);
    if (status != MS_OK || !row)
      return status;
    status = read_entry(rows, &entries[*count], err);
    if (status != MS_OK)
      return status;
    (*count)++;
  }
  return MS_OK;
}

enum ms_status
ms_journal_list(struct ms_journal *journal, int64_t after, struct ms_journal_entry *entries,
                size_t maximum, size_t *count, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  *count = 0;
  enum ms_status status = ms_database_prepare(
      journal->database,
      "SELECT " COLUMNS " FROM entry WHERE sequence > ?1 ORDER BY sequence LIMIT ?2", &statement,
      err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_integer(statement, 1, after);
  ms_statement_bind_integer(statement, 2, (int64_t)maximum);
  status = read_entries(statement, entries, maximum, count, err);
  ms_statement_done(statement);
  if (status != MS_OK)
    for (; *count > 0; (*count)--)
      ms_journal_entry_free(&entries[*count - 1]);
  return status;
}

enum ms_status
ms_journal_count(struct ms_journal *journal, const char *tracker, const char *user,
                 const char *job_id, int64_t *waiting, int64_t *refused, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(
      journal->database,
      job_id ? "SELECT count(*) FILTER (WHERE refused = 0), count(*) FILTER (WHERE refused = 1)"
               " FROM entry WHERE tracker = ?1 AND user = ?2 AND job_id = ?3"
             : "SELECT count(*) FILTER (WHERE refused = 0), count(*) FILTER (WHERE refused = 1)"
               " FROM entry WHERE tracker = ?1 AND user = ?2",
      &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, tracker);
  ms_statement_bind_string(statement, 2, user);
  if (job_id)
    ms_statement_bind_string(statement, 3, job_id);
  bool row = false;
  status = ms_statement_step(statement, &row, err);
  *waiting = row ? ms_statement_integer(statement, 0) : 0;
  *refused = row ? ms_statement_integer(statement, 1) : 0;
  ms_statement_done(statement);
  return status;
}
