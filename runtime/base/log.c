/* One line, one write(2): lines of several processes on one terminal do not mix.
 *
 * Control characters become blanks, so a message cannot forge a second line or steer the terminal. */
#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"

enum { LINE_MAX_BYTES = 4096 /* longer lines are cut; a pipe takes this much at once */ };

static const char *const level_names[] = {
    [MS_LOG_ERROR] = "error",
    [MS_LOG_WARNING] = "warning",
    [MS_LOG_INFO] = "info",
    [MS_LOG_DEBUG] = "debug",
};

static const char *const topic_names[] = {"requests"};

enum {
  LEVEL_COUNT = sizeof level_names / sizeof level_names[0],
  TOPIC_COUNT = sizeof topic_names / sizeof topic_names[0]
};

static enum ms_log_level current_level = MS_LOG_WARNING;
static uint32_t traced_topics; /* bit i: topic_names[i] */

/* The index of the word in `names`, or -1. */
static int
find_word(const char *const *names, int count, const char *word, size_t size_bytes)
{
  for (int i = 0; i < count; i++) {
    if (strlen(names[i]) == size_bytes && memcmp(names[i], word, size_bytes) == 0) {
      return i;
    }
  }
  return -1;
}

static void
warn_of_unknown_word(const char *variable, const char *const *names, int count, const char *word,
                     size_t size_bytes)
{
  char text[MS_NEAREST_WORD_MAX + 1];
  snprintf(text, sizeof text, "%.*s", (int)(size_bytes < sizeof text ? size_bytes : 64), word);
  struct ms_nearest nearest = {.word = text};
  for (int i = 0; i < count; i++) {
    ms_nearest_offer(&nearest, names[i]);
  }
  if (nearest.best) {
    ms_log(MS_LOG_WARNING, "%s: unknown word '%s', did you mean '%s'?", variable, text,
           nearest.best);
  } else {
    ms_log(MS_LOG_WARNING, "%s: unknown word '%s', one known is '%s'", variable, text, names[0]);
  }
}

static void
read_level(void)
{
  current_level = MS_LOG_WARNING;
  const char *word = getenv("MOONSHIFT_LOG");
  if (!word || !*word) {
    return;
  }
  int level = find_word(level_names, LEVEL_COUNT, word, strlen(word));
  if (level >= 0) {
    current_level = (enum ms_log_level)level;
  } else {
    warn_of_unknown_word("MOONSHIFT_LOG", level_names, LEVEL_COUNT, word, strlen(word));
  }
}

/* MOONSHIFT_TRACE is a list of topics, separated by commas. */
static void
read_topics(void)
{
  traced_topics = 0;
  const char *rest = getenv("MOONSHIFT_TRACE");
  while (rest && *rest) {
    size_t length = strcspn(rest, ",");
    int topic = find_word(topic_names, TOPIC_COUNT, rest, length);
    if (topic >= 0) {
      traced_topics |= 1u << topic;
    } else if (length > 0) {
      warn_of_unknown_word("MOONSHIFT_TRACE", topic_names, TOPIC_COUNT, rest, length);
    }
    rest += length + (rest[length] == ',');
  }
}

void
ms_log_init(void)
{
  read_level();
  read_topics();
}

static void
write_line(const char *label, const char *format, va_list arguments)
{
  char line[LINE_MAX_BYTES];
  int prefix = snprintf(line, sizeof line, "moonshift: %s: ", label);
  size_t room = sizeof line - (size_t)prefix;
  int wanted = vsnprintf(line + prefix, room, format, arguments);
  if (wanted < 0) {
    return;
  }
  size_t length = (size_t)prefix + ((size_t)wanted < room ? (size_t)wanted : room - 1);
  for (size_t i = 0; i < length; i++) {
    if ((unsigned char)line[i] < ' ' || line[i] == 0x7F) {
      line[i] = ' ';
    }
  }
  line[length++] = '\n';
  /* Standard error is the last resort: there is nobody to tell that it failed. */
  ssize_t ignored = write(STDERR_FILENO, line, length);
  (void)ignored;
}

void
ms_log(enum ms_log_level level, const char *format, ...)
{
  if (!ms_log_enabled(level)) {
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  write_line(level_names[level], format, arguments);
  va_end(arguments);
}

bool
ms_log_enabled(enum ms_log_level level)
{
  return level <= current_level;
}

void
ms_log_trace(const char *topic, const char *format, ...)
{
  if (!ms_log_traces(topic)) {
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  write_line(topic, format, arguments);
  va_end(arguments);
}

bool
ms_log_traces(const char *topic)
{
  int index = find_word(topic_names, TOPIC_COUNT, topic, strlen(topic));
  return index >= 0 && (traced_topics >> index & 1u);
}
