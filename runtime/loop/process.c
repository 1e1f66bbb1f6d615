/* A child is made by fork and exec by hand, because three things have to happen in between that
 * posix_spawn and libuv cannot do: a session of its own, a signal when the parent dies, and limits. The
 * child reports what failed through a pipe that closes on exec, so "no such command" is known at once and
 * by its errno. Output is read as fast as it comes from pipes or a pseudo-terminal. */
#include "loop/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "loop/process_tree.h"

enum { PIPE_BYTES = 256 * 1024 };

struct stream {
  struct ms_process *process;
  int number; /* 1 or 2 */
  int fd;     /* ours; -1 when closed or inherited */
  uv_poll_t poll;
};

struct ms_process {
  pid_t pid;
  int pidfd;
  uint64_t start_ticks;
  bool exited;
  bool ended;
  int open_handles;
  struct stream streams[2];
  uv_poll_t exit_poll;
  uv_timer_t drain_timer;
  struct ms_process_result result;
  void (*on_output)(void *user, int stream, const char *data, size_t size_bytes);
  void (*on_end)(void *user, const struct ms_process_result *result);
  void *user;
};

/* What the child tells when it could not become the command. */
struct start_failure {
  enum { FAILED_AT_CWD, FAILED_AT_LIMIT, FAILED_AT_EXEC } stage;
  int error_number;
};

/* The child's ends of its output: -1 means inherited. */
struct child_ends {
  int output, error;
};

/* ---- pipes and terminals ---- */

static enum ms_status
open_pipe(int *ours, int *theirs, struct ms_error *err)
{
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return ms_fail_errno(err, errno, "cannot make a pipe");
  *ours = ends[0];
  *theirs = ends[1];
  fcntl(*ours, F_SETFL, O_NONBLOCK);
  fcntl(*ours, F_SETPIPE_SZ, PIPE_BYTES); /* only a wish: fewer, larger reads */
  return MS_OK;
}

/* A terminal that passes bytes as they are: the real one in front of the user translates newlines. */
static enum ms_status
open_terminal(int *ours, int *theirs, struct ms_error *err)
{
  struct winsize size = {.ws_row = 24, .ws_col = 80};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
  if (openpty(ours, theirs, NULL, NULL, &size) != 0)
    return ms_fail_errno(err, errno, "cannot open a pseudo-terminal");
  struct termios modes;
  if (tcgetattr(*theirs, &modes) == 0) {
    modes.c_oflag &= ~(tcflag_t)OPOST;
    modes.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    tcsetattr(*theirs, TCSANOW, &modes);
  }
  fcntl(*ours, F_SETFD, FD_CLOEXEC);
  fcntl(*theirs, F_SETFD, FD_CLOEXEC);
  fcntl(*ours, F_SETFL, O_NONBLOCK);
  return MS_OK;
}

static enum ms_status
open_stream(enum ms_process_stream kind, int *ours, int *theirs, struct ms_error *err)
{
  switch (kind) {
  case MS_PROCESS_PIPE:
    return open_pipe(ours, theirs, err);
  case MS_PROCESS_TERMINAL:
    return open_terminal(ours, theirs, err);
  case MS_PROCESS_INHERIT:
    break;
  }
  return MS_OK;
}

static void
close_fd(int *fd)
{
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

/* Both streams on terminals share one, so that their lines keep their order. */
static enum ms_status
open_streams(struct ms_process *process, const struct ms_process_options *options,
             struct child_ends *child, struct ms_error *err)
{
  enum ms_status status =
      open_stream(options->output, &process->streams[0].fd, &child->output, err);
  if (status)
    return status;
  if (options->error == MS_PROCESS_TERMINAL && options->output == MS_PROCESS_TERMINAL) {
    child->error = fcntl(child->output, F_DUPFD_CLOEXEC, 0);
    return child->error < 0 ? ms_fail_errno(err, errno, "cannot share the terminal") : MS_OK;
  }
  return open_stream(options->error, &process->streams[1].fd, &child->error, err);
}

/* ---- the child's side ---- */

static void
reset_signals(void)
{
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++)
    if (number != SIGKILL && number != SIGSTOP)
      signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void
report_failure(int report_fd, int stage, int error_number)
{
  struct start_failure failure = {.stage = stage, .error_number = error_number};
  ssize_t written = write(report_fd, &failure, sizeof failure);
  _exit(written == (ssize_t)sizeof failure ? 127 : 126);
}

static _Noreturn void
become_command(const struct ms_process_options *options, const struct child_ends *ends,
               pid_t parent, int report_fd)
{
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) /* the parent died before the line above */
    _exit(127);
  if (ends->output >= 0)
    dup2(ends->output, STDOUT_FILENO);
  if (ends->error >= 0)
    dup2(ends->error, STDERR_FILENO);
  if (options->cwd && chdir(options->cwd) != 0)
    report_failure(report_fd, FAILED_AT_CWD, errno);
  if (options->memory_max_bytes > 0) {
    struct rlimit limit = {.rlim_cur = (rlim_t)options->memory_max_bytes,
                           .rlim_max = (rlim_t)options->memory_max_bytes};
    if (setrlimit(RLIMIT_AS, &limit) != 0)
      report_failure(report_fd, FAILED_AT_LIMIT, errno);
  }
  if (options->nice != 0) {
    errno = 0;
    if (nice(options->nice) == -1 && errno != 0)
      report_failure(report_fd, FAILED_AT_LIMIT, errno);
  }
  reset_signals();
  char *const *environment = (char *const *)options->environment;
  execvpe(options->arguments[0], (char *const *)options->arguments,
          environment ? environment : environ);
  report_failure(report_fd, FAILED_AT_EXEC, errno);
}

/* ---- the parent's side ---- */

static enum ms_status
start_failed(const struct ms_process_options *options, const struct start_failure *failure,
             struct ms_error *err)
{
  const char *command = options->arguments[0];
  switch (failure->stage) {
  case FAILED_AT_CWD:
    return ms_fail(err, MS_IO, "cannot enter the folder '%s': %s", options->cwd,
                   strerror(failure->error_number));
  case FAILED_AT_LIMIT:
    return ms_fail_errno(err, failure->error_number, "cannot set the limits of '%s'", command);
  case FAILED_AT_EXEC:
    break;
  }
  if (failure->error_number == ENOENT && !strchr(command, '/'))
    return ms_fail(err, MS_NOT_FOUND, "command not found: '%s' is in no folder of PATH", command);
  if (failure->error_number == ENOENT)
    return ms_fail(err, MS_NOT_FOUND, "command not found: '%s' (or the interpreter it names)",
                   command);
  return ms_fail_errno(err, failure->error_number, "cannot execute '%s'", command);
}

/* Waits for the exec (the pipe closes) or for the child's report. */
static enum ms_status
await_exec(const struct ms_process_options *options, pid_t pid, int report_fd, struct ms_error *err)
{
  struct start_failure failure;
  ssize_t size;
  do {
    size = read(report_fd, &failure, sizeof failure);
  } while (size < 0 && errno == EINTR);
  if (size != (ssize_t)sizeof failure)
    return MS_OK;
  waitpid(pid, NULL, 0);
  return start_failed(options, &failure, err);
}

static enum ms_status
fork_command(struct ms_process *process, const struct ms_process_options *options,
             const struct child_ends *ends, struct ms_error *err)
{
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0)
    return ms_fail_errno(err, errno, "cannot make a pipe");
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0)
    become_command(options, ends, parent, report[1]);
  int error_number = errno;
  close(report[1]);
  enum ms_status status;
  if (pid < 0) {
    status = ms_fail_errno(err, error_number, "cannot start '%s'", options->arguments[0]);
  } else {
    status = await_exec(options, pid, report[0], err);
    process->pid = pid;
  }
  close(report[0]);
  return status;
}

static void
release(struct ms_process *process)
{
  if (--process->open_handles == 0)
    free(process);
}

static void
on_handle_closed(uv_handle_t *handle)
{
  release(handle->data);
}

static void
on_stream_closed(uv_handle_t *handle)
{
  release(((struct stream *)handle->data)->process);
}

static void
end_if_complete(struct ms_process *process)
{
  if (process->ended || !process->exited || process->streams[0].fd >= 0 ||
      process->streams[1].fd >= 0)
    return;
  process->ended = true;
  uv_timer_stop(&process->drain_timer);
  if (process->on_end)
    process->on_end(process->user, &process->result);
}

static void
close_stream(struct stream *stream)
{
  if (stream->fd < 0)
    return;
  uv_poll_stop(&stream->poll);
  close_fd(&stream->fd);
}

/* A terminal's other end going away is EIO, a pipe's is an empty read. */
static void
on_readable(uv_poll_t *poll, int status, int events)
{
  struct stream *stream = poll->data;
  struct ms_process *process = stream->process;
  char data[MS_PROCESS_READ_BYTES];
  (void)events;
  ssize_t size = status < 0 ? 0 : read(stream->fd, data, sizeof data);
  if (size < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (size > 0) {
    if (process->on_output)
      process->on_output(process->user, stream->number, data, (size_t)size);
    return;
  }
  close_stream(stream);
  end_if_complete(process);
}

static void
on_drained(uv_timer_t *timer)
{
  struct ms_process *process = timer->data;
  close_stream(&process->streams[0]);
  close_stream(&process->streams[1]);
  end_if_complete(process);
}

static void
on_exited(uv_poll_t *poll, int status, int events)
{
  struct ms_process *process = poll->data;
  struct rusage usage;
  int wait_status;
  (void)status, (void)events;
  pid_t pid = wait4(process->pid, &wait_status, WNOHANG, &usage);
  if (pid == 0 || (pid < 0 && errno == EINTR))
    return;
  uv_poll_stop(poll);
  close_fd(&process->pidfd);
  process->exited = true;
  struct ms_process_result *result = &process->result;
  result->exit_code = pid > 0 && WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
  result->signal = pid > 0 && WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
  result->user_us = usage.ru_utime.tv_sec * 1000000LL + usage.ru_utime.tv_usec;
  result->system_us = usage.ru_stime.tv_sec * 1000000LL + usage.ru_stime.tv_usec;
  result->peak_bytes = usage.ru_maxrss * 1024LL;
  uv_timer_start(&process->drain_timer, on_drained, MS_PROCESS_DRAIN_MS, 0);
  end_if_complete(process);
}

static void
watch(struct ms_process *process, uv_loop_t *loop)
{
  uv_timer_init(loop, &process->drain_timer);
  process->drain_timer.data = process;
  process->open_handles = 1;
  uv_poll_init(loop, &process->exit_poll, process->pidfd);
  process->exit_poll.data = process;
  process->open_handles++;
  uv_poll_start(&process->exit_poll, UV_READABLE, on_exited);
  for (int i = 0; i < 2; i++) {
    struct stream *stream = &process->streams[i];
    if (stream->fd < 0)
      continue;
    uv_poll_init(loop, &stream->poll, stream->fd);
    stream->poll.data = stream;
    process->open_handles++;
    uv_poll_start(&stream->poll, UV_READABLE | UV_DISCONNECT, on_readable);
  }
}

static struct ms_process *
new_process(const struct ms_process_options *options)
{
  struct ms_process *process = calloc(1, sizeof *process);
  if (!process)
    return NULL;
  process->pidfd = -1;
  for (int i = 0; i < 2; i++)
    process->streams[i] = (struct stream){.process = process, .number = i + 1, .fd = -1};
  process->on_output = options->on_output;
  process->on_end = options->on_end;
  process->user = options->user;
  return process;
}

enum ms_status
ms_process_spawn(uv_loop_t *loop, const struct ms_process_options *options,
                 struct ms_process **result, struct ms_error *err)
{
  struct child_ends ends = {-1, -1};
  struct ms_process *process = new_process(options);
  if (!process)
    return ms_fail(err, MS_MEMORY, "out of memory");
  enum ms_status status = open_streams(process, options, &ends, err);
  if (!status)
    status = fork_command(process, options, &ends, err);
  close_fd(&ends.output);
  close_fd(&ends.error);
  if (!status) {
    process->start_ticks = ms_process_start_ticks(process->pid);
    process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (process->pidfd < 0) {
      status = ms_fail_errno(err, errno, "cannot watch process %d (Linux 5.3 or newer is needed)",
                             (int)process->pid);
      kill(-process->pid, SIGKILL);
      waitpid(process->pid, NULL, 0);
    }
  }
  if (status) {
    close_fd(&process->streams[0].fd);
    close_fd(&process->streams[1].fd);
    free(process);
    return status;
  }
  watch(process, loop);
  *result = process;
  return MS_OK;
}

pid_t
ms_process_pid(const struct ms_process *process)
{
  return process->pid;
}

void
ms_process_signal(struct ms_process *process, int signal_number)
{
  if (!process->exited)
    kill(-process->pid, signal_number);
}

int
ms_process_signal_tree(struct ms_process *process, int signal_number)
{
  return ms_process_tree_signal(process->exited ? 0 : process->pid, process->pid, signal_number);
}

void
ms_process_become_subreaper(void)
{
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void
ms_process_resize(struct ms_process *process)
{
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    return;
  for (int i = 0; i < 2; i++)
    if (process->streams[i].fd >= 0)
      ioctl(process->streams[i].fd, TIOCSWINSZ, &size); /* fails for pipes, which have no size */
}

static void
kill_and_reap(struct ms_process *process)
{
  kill(-process->pid, SIGKILL);
  while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
    continue;
}

void
ms_process_free(struct ms_process *process)
{
  if (!process)
    return;
  process->on_end = NULL;
  process->on_output = NULL;
  if (!process->exited)
    kill_and_reap(process);
  for (int i = 0; i < 2; i++)
    if (process->streams[i].poll.data) {
      close_stream(&process->streams[i]);
      uv_close((uv_handle_t *)&process->streams[i].poll, on_stream_closed);
    }
  uv_poll_stop(&process->exit_poll);
  close_fd(&process->pidfd);
  uv_close((uv_handle_t *)&process->exit_poll, on_handle_closed);
  uv_close((uv_handle_t *)&process->drain_timer, on_handle_closed);
}
