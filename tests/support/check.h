/* What most tests in C need: cmocka with its headers in order, and checks of failures. */
#ifndef MS_TESTS_SUPPORT_CHECK_H
#define MS_TESTS_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Fails the test with the message unless the status is MS_OK. */
static inline void
check_ok(enum ms_status status, const struct ms_error *err)
{
  if (status != MS_OK) {
    fail_msg("%s: %s", ms_status_code(status), err->message);
  }
}

/* Fails the test unless `err` has this status and a message that contains `part`. */
static inline void
check_error(enum ms_status status, const struct ms_error *err, enum ms_status wanted,
            const char *part)
{
  assert_string_equal(ms_status_code(status), ms_status_code(wanted));
  assert_int_equal(err->status, wanted);
  if (!strstr(err->message, part)) {
    fail_msg("'%s' is not in '%s'", part, err->message);
  }
}

#endif
