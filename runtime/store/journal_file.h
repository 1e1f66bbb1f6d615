/* The journal's file and the locks beside it. For the files of the journal alone. */
#ifndef MS_STORE_JOURNAL_FILE_H
#define MS_STORE_JOURNAL_FILE_H

#include "store/database_internal.h"

/* Opens the database FOLDER/outbox.db, with its tables; moves a broken one aside. */
enum ms_status
ms_journal_file_open(const char *folder, struct ms_database **database, struct ms_error *err);

/* Locks what `name` stands for in FOLDER/outbox.lock without waiting: *fd is the lock, which lasts until it
 * is closed (by us or by the end of the process), or -1 when another has it. */
enum ms_status
ms_journal_file_lock(const char *folder, const char *name, int *fd, struct ms_error *err);

#endif
