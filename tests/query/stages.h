/* What the tests of the compiler's stages share: tables of sources, with what a stage prints of them or how it
 * refuses them. */
#ifndef MS_TESTS_QUERY_STAGES_H
#define MS_TESTS_QUERY_STAGES_H

#include "query/query.h"
#include "support/check.h"

struct sample {
  const char *source;
  const char *expected; /* the whole text, or how the message begins */
};

/* Compiles `source` up to a stage and prints what that makes of it. */
#define STAGE(name) \
  enum ms_status (*name)(const char *source, struct ms_buffer *out, struct ms_error *err)

static inline void
check_printed(STAGE(stage), const struct sample *samples, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    struct ms_buffer out;
    struct ms_error err = {0};
    ms_buffer_init(&out, 1 << 20);
    if (stage(samples[i].source, &out, &err) != MS_OK)
      fail_msg("%s\n%s", samples[i].source, err.message);
    if (strcmp(ms_buffer_string(&out), samples[i].expected) != 0)
      fail_msg("%s\nexpected %s\nprinted  %s", samples[i].source, samples[i].expected,
               ms_buffer_string(&out));
    ms_buffer_free(&out);
  }
}

/* Clients format messages, so there are no braces in them. */
static inline void
check_refused(STAGE(stage), const struct sample *samples, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    struct ms_buffer out;
    struct ms_error err = {0};
    ms_buffer_init(&out, 1 << 20);
    enum ms_status status = stage(samples[i].source, &out, &err);
    if (strncmp(err.message, samples[i].expected, strlen(samples[i].expected)) != 0)
      fail_msg("%s\n%s", samples[i].source, err.message);
    assert_int_equal(status, MS_PARSE);
    assert_null(strpbrk(err.message, "{}"));
    ms_buffer_free(&out);
  }
}

#endif
