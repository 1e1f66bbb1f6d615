/* The process's log: lines on standard error, "moonshift: warning: …".
 *
 * Level by MOONSHIFT_LOG (error, warning, info, debug; default warning). MOONSHIFT_TRACE=requests
 * adds one line per request ("moonshift: requests: …"), whatever the level. Secrets never come here: callers pass names and sizes. */
#ifndef MS_BASE_LOG_H
#define MS_BASE_LOG_H

#include <stdbool.h>

enum ms_log_level { MS_LOG_ERROR, MS_LOG_WARNING, MS_LOG_INFO, MS_LOG_DEBUG };

/* Reads MOONSHIFT_LOG and MOONSHIFT_TRACE. Unknown words are reported as a warning. */
void
ms_log_init(void);

/* One line, cut at 4096 bytes; control characters become blanks. */
void
ms_log(enum ms_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool
ms_log_enabled(enum ms_log_level level);

/* A line of a topic; written only when MOONSHIFT_TRACE names the topic. */
void
ms_log_trace(const char *topic, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether MOONSHIFT_TRACE names `topic` ("requests"). */
bool
ms_log_traces(const char *topic);

#endif
