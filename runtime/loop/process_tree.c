/* One pass over /proc collects (pid, parent, session); marking then spreads from the roots until nothing
 * changes. A process that forks in between is caught by the next signal: callers repeat with SIGKILL. */
#include "loop/process_tree.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "loop/process.h"

enum { PROCESSES_MAX = 65536, STAT_BYTES_MAX = 1024, ENVIRONMENT_BYTES_MAX = 2 << 20 };

struct entry {
  pid_t pid, parent, session;
  bool marked;
};

/* The fields behind the command's name, which may itself hold blanks and parentheses. */
static bool
read_stat(const char *name, char *text, size_t size_bytes, char **fields)
{
  char path[64];
  snprintf(path, sizeof path, "/proc/%.20s/stat", name);
  FILE *file = fopen(path, "re");
  if (!file)
    return false;
  size_t size = fread(text, 1, size_bytes - 1, file);
  fclose(file);
  text[size] = '\0';
  char *end = strrchr(text, ')');
  if (!end)
    return false;
  *fields = end + 1;
  return true;
}

uint64_t
ms_process_start_ticks(pid_t pid)
{
  enum { FIELDS_BEFORE_START = 19 }; /* proc(5): starttime is field 22, the first behind ')' is 3 */
  char name[24], text[STAT_BYTES_MAX], *fields;
  snprintf(name, sizeof name, "%d", (int)pid);
  if (!read_stat(name, text, sizeof text, &fields))
    return 0;
  char *rest = NULL;
  char *word = strtok_r(fields, " ", &rest);
  for (int i = 0; word && i < FIELDS_BEFORE_START; i++)
    word = strtok_r(NULL, " ", &rest);
  return word ? strtoull(word, NULL, 10) : 0;
}

static size_t
read_processes(struct entry *entries, size_t maximum)
{
  size_t count = 0;
  DIR *folder = opendir("/proc");
  if (!folder)
    return 0;
  struct dirent *item;
  while (count < maximum && (item = readdir(folder))) {
    char text[STAT_BYTES_MAX], *fields;
    int parent, group, session;
    char state;
    if (!isdigit((unsigned char)item->d_name[0]) ||
        !read_stat(item->d_name, text, sizeof text, &fields) ||
        sscanf(fields, " %c %d %d %d", &state, &parent, &group, &session) != 4)
      continue;
    if (state == 'Z' || state == 'X')
      continue;
    entries[count++] =
        (struct entry){.pid = (pid_t)atoi(item->d_name), .parent = parent, .session = session};
  }
  closedir(folder);
  return count;
}

static const struct entry *
find(const struct entry *entries, size_t count, pid_t pid)
{
  for (size_t i = 0; i < count; i++)
    if (entries[i].pid == pid)
      return &entries[i];
  return NULL;
}

static void
mark_descendants(struct entry *entries, size_t count)
{
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < count; i++) {
      const struct entry *parent =
          entries[i].marked ? NULL : find(entries, count, entries[i].parent);
      if (parent && parent->marked)
        entries[i].marked = changed = true;
    }
  }
}

/* Signals the marked ones and their descendants. */
static int
signal_marked(struct entry *entries, size_t count, int signal_number)
{
  pid_t self = getpid();
  int signalled = 0;
  mark_descendants(entries, count);
  for (size_t i = 0; i < count; i++)
    if (entries[i].marked && entries[i].pid != self && kill(entries[i].pid, signal_number) == 0)
      signalled++;
  return signalled;
}

int
ms_process_tree_signal(pid_t root, pid_t session, int signal_number)
{
  struct entry *entries = malloc(sizeof *entries * PROCESSES_MAX);
  if (!entries)
    return 0;
  pid_t self = getpid();
  int is_subreaper = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
  size_t count = read_processes(entries, PROCESSES_MAX);
  for (size_t i = 0; i < count; i++)
    entries[i].marked = (root > 0 && entries[i].pid == root) || entries[i].session == session ||
                        (is_subreaper && entries[i].parent == self);
  int signalled = signal_marked(entries, count, signal_number);
  free(entries);
  return signalled;
}

/* Whether the process was started with this variable: entries end with a NUL each. Other users'
 * environments cannot be read, and are not ours to judge. */
static bool
was_started_with(pid_t pid, const char *assignment, char *text, size_t text_bytes)
{
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
  FILE *file = fopen(path, "re");
  if (!file)
    return false;
  size_t size = fread(text, 1, text_bytes - 1, file);
  fclose(file);
  text[size] = '\0';
  for (const char *entry = text; entry < text + size; entry += strlen(entry) + 1)
    if (strcmp(entry, assignment) == 0)
      return true;
  return false;
}

int
ms_process_tree_signal_variable(const char *assignment, int signal_number)
{
  int signalled = 0;
  struct entry *entries = malloc(sizeof *entries * PROCESSES_MAX);
  char *text = malloc(ENVIRONMENT_BYTES_MAX);
  if (entries && text) {
    pid_t self = getpid();
    size_t count = read_processes(entries, PROCESSES_MAX);
    for (size_t i = 0; i < count; i++)
      entries[i].marked = entries[i].pid != self &&
                          was_started_with(entries[i].pid, assignment, text, ENVIRONMENT_BYTES_MAX);
    signalled = signal_marked(entries, count, signal_number);
  }
  free(entries);
  free(text);
  return signalled;
}
