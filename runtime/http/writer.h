/* The file that an answer's body is written to.
 *
 * libcurl hands out 16 KiB at a time; they are gathered, because a file system takes a quarter of a megabyte in half
 * the time of sixteen small pieces. Of what is written the kernel is told to begin to put it on the disk, so that
 * syncing at the end does not wait for all of it. */
#ifndef MS_HTTP_WRITER_H
#define MS_HTTP_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct ms_http_push;

struct ms_http_writer {
  int fd;                /* borrowed */
  int64_t start;         /* its position at the beginning; -1: cannot be rewound */
  int64_t written_bytes; /* in the file */
  char *room;            /* owned; what is gathered */
  size_t gathered_bytes;
  struct ms_http_push *push; /* owned; NULL until there is something to push to the disk */
  uv_loop_t *loop;           /* borrowed; NULL: nothing is pushed */
};

void
ms_http_writer_begin(struct ms_http_writer *writer, int fd, uv_loop_t *loop);

/* Takes bytes. False with errno when the file cannot be written. */
bool
ms_http_writer_add(struct ms_http_writer *writer, const char *data, size_t size_bytes);

/* Taken so far, written or not. */
int64_t
ms_http_writer_taken(const struct ms_http_writer *writer);

/* Writes what is gathered. */
bool
ms_http_writer_flush(struct ms_http_writer *writer);

/* Back to the beginning, as if nothing had come. False when that cannot be. */
bool
ms_http_writer_rewind(struct ms_http_writer *writer);

/* What is gathered comes to nothing. */
void
ms_http_writer_end(struct ms_http_writer *writer);

#endif
