/* Temporary folders of tests, below TMPDIR or /tmp. */
#ifndef MS_TESTS_SUPPORT_FOLDER_H
#define MS_TESTS_SUPPORT_FOLDER_H

/* Room for a folder's path, and for that of a file in it. */
enum { FOLDER_BYTES = 160, FOLDER_PATH_BYTES = 256 };

/* Makes a new one. Returns 0, or -1 with the reason on standard error: what a set-up of cmocka returns. */
int
folder_make(char folder[FOLDER_BYTES]);

/* Removes it with all that is in it. Returns 0, or -1 when something stayed. */
int
folder_remove(const char *folder);

#endif
