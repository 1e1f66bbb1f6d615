/* Options of the verbs in C. */
#include "host/arguments.h"

#include <string.h>

#include "base/nearest.h"
#include "host/commands.h"

static const struct ms_argument *
find(const struct ms_argument *table, size_t count, const char *name, size_t length)
{
  for (size_t i = 0; i < count; i++) {
    if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0) {
      return &table[i];
    }
  }
  return NULL;
}

static int
fail_unknown(const char *verb, const struct ms_argument *table, size_t count, const char *argument)
{
  if (strncmp(argument, "--", 2) != 0) {
    return ms_usage_error(verb, "unexpected '%s'", argument);
  }
  struct ms_nearest nearest = {.word = argument + 2};
  for (size_t i = 0; i < count; i++) {
    ms_nearest_offer(&nearest, table[i].name);
  }
  if (nearest.best != NULL) {
    return ms_usage_error(verb, "there is no option '%s'; did you mean '--%s'?", argument,
                          nearest.best);
  }
  return ms_usage_error(verb, "there is no option '%s'", argument);
}

int
ms_arguments_read(const char *verb, const struct ms_argument *table, size_t count,
                  int argument_count, char **arguments)
{
  for (int i = 0; i < argument_count; i++) {
    const char *argument = arguments[i];
    bool is_option = strncmp(argument, "--", 2) == 0;
    size_t length = is_option ? strcspn(argument + 2, "=") : 0;
    const char *attached = is_option && argument[2 + length] == '=' ? argument + 3 + length : NULL;
    const struct ms_argument *option = is_option ? find(table, count, argument + 2, length) : NULL;
    if (option == NULL) {
      return fail_unknown(verb, table, count, argument);
    }
    if (option->value == NULL && attached != NULL) {
      return ms_usage_error(verb, "--%s takes no value", option->name);
    }
    if (option->value == NULL) {
      *option->flag = true;
    } else if (attached != NULL) {
      *option->value = attached;
    } else if (i + 1 == argument_count) {
      return ms_usage_error(verb, "--%s wants its %s", option->name, option->metavar);
    } else {
      *option->value = arguments[++i];
    }
  }
  return 0;
}
