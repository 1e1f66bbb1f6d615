/* Child processes under supervision, on the loop.
 *
 * Where libuv's uv_spawn ends this begins: the child leads a session of its own, is told to end when we
 * die, may have a pseudo-terminal for its output (so that it keeps its colours) and limits, and its exit
 * is watched through a pidfd, so a pid that was used again is never mistaken for ours. Its standard
 * input is ours. Linux 5.3 or newer.
 *
 * `on_end` comes once, after the process has ended and its output is closed; output that a process left
 * behind holds open is waited for MS_PROCESS_DRAIN_MS and then given up. */
#ifndef MS_LOOP_PROCESS_H
#define MS_LOOP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "base/error.h"

struct ms_process;

enum {
  MS_PROCESS_DRAIN_MS = 2000,   /* after the exit, for output held open by others */
  MS_PROCESS_READ_BYTES = 65536 /* one read of output */
};

enum ms_process_stream {
  MS_PROCESS_INHERIT, /* the child writes to our own stream */
  MS_PROCESS_PIPE,    /* through us */
  MS_PROCESS_TERMINAL /* through us, and the child sees a terminal of our size */
};

struct ms_process_result {
  int exit_code;              /* 0–255; -1 when a signal ended it */
  int signal;                 /* 0, or the signal that ended it */
  int64_t user_us, system_us; /* processor time of the child and what it waited for */
  int64_t peak_bytes;         /* largest resident size of one process */
};

struct ms_process_options {
  const char *const *arguments;   /* argv, NULL-terminated; the first is looked up in PATH */
  const char *const *environment; /* "NAME=value", NULL-terminated; NULL: ours */
  const char *cwd;                /* NULL: ours */
  enum ms_process_stream output, error;
  int nice;                 /* added to ours; 0: none */
  int64_t memory_max_bytes; /* address space; 0: no limit */
  /* `stream` is 1 or 2. Called from the loop; what a terminal shows comes as stream 1. */
  void (*on_output)(void *user, int stream, const char *data, size_t size_bytes);
  void (*on_end)(void *user, const struct ms_process_result *result);
  void *user;
};

/* Starts the command. MS_NOT_FOUND when there is no such command (a shell's 127), MS_PERMISSION when it
 * cannot be executed (126), MS_IO otherwise. Options are borrowed during the call. */
enum ms_status
ms_process_spawn(uv_loop_t *loop, const struct ms_process_options *options,
                 struct ms_process **process, struct ms_error *err);

pid_t
ms_process_pid(const struct ms_process *process);

/* When the kernel started it, in clock ticks since boot: with the pid this names a process for good. */
uint64_t
ms_process_start_ticks(pid_t pid);

/* Sends the signal to the whole process group of the child. Nothing happens when it has ended. */
void
ms_process_signal(struct ms_process *process, int signal_number);

/* Sends the signal to every descendant of the child too, also to those that changed their group or
 * whose parents have ended (while we are their sub-reaper). Returns how many processes were signalled. */
int
ms_process_signal_tree(struct ms_process *process, int signal_number);

/* Makes this process the one that orphans of its children are handed to. */
void
ms_process_become_subreaper(void);

/* Tells the child's terminal the size of ours; for SIGWINCH. */
void
ms_process_resize(struct ms_process *process);

/* Forgets the process: no more callbacks; kills it when it is still running. The struct is freed when its
 * loop handles have closed. NULL is fine. */
void
ms_process_free(struct ms_process *process);

#endif
