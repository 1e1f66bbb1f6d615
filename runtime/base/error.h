/* Errors: one enum of statuses, one struct that carries the sentence.
 *
 * Whatever can fail returns `enum ms_status` and takes `struct ms_error *err` as its last argument.
 * Failing is one line: `return ms_fail(err, MS_NOT_FOUND, "no entity type '%s'", name);`
 * The message says what was wrong, which value, and what to do. It never holds a secret. */
#ifndef MS_BASE_ERROR_H
#define MS_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

/* Every status with the code that Lua sees in `err.code`. */
#define MS_STATUS_TABLE(X)                                                                    \
  X(OK, "ok")                         /* success */                                           \
  X(USAGE, "usage")                   /* the caller's options or arguments are wrong */       \
  X(INVALID, "invalid")               /* a value that the data model refuses */               \
  X(PARSE, "parse")                   /* a query, document or configuration cannot be read */ \
  X(NOT_FOUND, "not_found")           /* no such thing */                                     \
  X(NOT_UNIQUE, "not_unique")         /* more than one where one was asked for */             \
  X(EXISTS, "exists")                 /* there already is one */                              \
  X(INTEGRITY, "integrity")           /* a reference to something that does not exist */      \
  X(AUTHENTICATION, "authentication") /* wrong user or key */                                 \
  X(PERMISSION, "permission")         /* known, but not allowed */                            \
  X(NETWORK, "network")               /* could not be reached, or the line broke */           \
  X(TIMEOUT, "timeout")               /* took longer than allowed */                          \
  X(PROTOCOL, "protocol")             /* the other side answered nonsense */                  \
  X(SERVER, "server")                 /* the other side refused; the message quotes it */     \
  X(IO, "io")                         /* the operating system refused a file or a process */  \
  X(FULL, "full")                     /* no room is left on the disk */                       \
  X(LIMIT, "limit")                   /* larger than a named limit */                         \
  X(BUSY, "busy")                     /* held by somebody else just now */                    \
  X(CLOSED, "closed")                 /* used after it was closed */                          \
  X(CANCELLED, "cancelled")           /* stopped on request */                                \
  X(MEMORY, "memory")                 /* out of memory */                                     \
  X(INTERNAL, "internal")             /* our own mistake */

enum ms_status {
#define MS_STATUS_ENUM(name, code) MS_##name,
  MS_STATUS_TABLE(MS_STATUS_ENUM)
#undef MS_STATUS_ENUM
};

enum { MS_ERROR_MESSAGE_MAX = 2048 /* bytes, with the NUL; longer messages are cut */ };

struct ms_error {
  enum ms_status status;
  char message[MS_ERROR_MESSAGE_MAX];
};

/* Fills `err` (which may be NULL) and returns `status`, so that failing is one line. */
enum ms_status
ms_fail(struct ms_error *err, enum ms_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As ms_fail, with a va_list. */
enum ms_status
ms_fail_v(struct ms_error *err, enum ms_status status, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* As ms_fail with MS_IO, ending in ": " and the text of `error_number`; ENOENT becomes
 * MS_NOT_FOUND, EACCES and EPERM become MS_PERMISSION, ENOSPC and EDQUOT become MS_FULL. */
enum ms_status
ms_fail_errno(struct ms_error *err, int error_number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "`format`: " in front of the message in `err`; returns its status (MS_INTERNAL when `err`
 * is NULL, so keep the status then). For adding what was being done: "open job database: permission
 * denied". */
enum ms_status
ms_error_prefix(struct ms_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The code of a status, e.g. "not_found". Static text. */
const char *
ms_status_code(enum ms_status status);

/* The status of a code, or MS_INTERNAL for an unknown one. */
enum ms_status
ms_status_from_code(const char *code);

#endif
