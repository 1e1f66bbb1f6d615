/* Tables of what statuses and exceptions mean, and a look at the first and last byte of the body: whoever
 * reads the array finds what is wrong in between. */
#include "transport/judge.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"

enum {
  ERROR_BODY_MAX_BYTES = 1024 * 1024, /* a larger object is no error object */
  ERROR_TREE_MAX_BYTES = 64 * 1024 * 1024,
  QUOTED_MAX_BYTES = 1024
};

/* ---- error objects ---- */

static const struct {
  const char *exception;
  enum ms_status status;
} exceptions[] = {
    {"InvalidCredentialsError", MS_AUTHENTICATION},
    {"FTAuthenticationError", MS_AUTHENTICATION},
    {"PermissionError", MS_PERMISSION},
    {"ValidationError", MS_INVALID},
    {"ParseError", MS_PARSE},
    {"DuplicateEntryError", MS_EXISTS},
    {"IntegrityError", MS_INTEGRITY},
};

/* Our own server is more exact: its error_code is that of a status. */
static const enum ms_status codes[] = {
    MS_USAGE,     MS_INVALID,        MS_PARSE,      MS_NOT_FOUND, MS_NOT_UNIQUE, MS_EXISTS,
    MS_INTEGRITY, MS_AUTHENTICATION, MS_PERMISSION, MS_TIMEOUT,   MS_LIMIT,      MS_BUSY,
};

/* Its troubles with itself, such as a full disk, are no word on the request: another time it may be done. */
static const enum ms_status troubles[] = {MS_IO, MS_FULL, MS_MEMORY};

static enum ms_status
status_of(const char *exception, const char *code)
{
  for (size_t i = 0; code && i < sizeof troubles / sizeof troubles[0]; i++) {
    if (strcmp(ms_status_code(troubles[i]), code) == 0) {
      return MS_NETWORK;
    }
  }
  for (size_t i = 0; code && i < sizeof codes / sizeof codes[0]; i++) {
    if (strcmp(ms_status_code(codes[i]), code) == 0) {
      return codes[i];
    }
  }
  for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++) {
    if (strcmp(exceptions[i].exception, exception) == 0) {
      return exceptions[i].status;
    }
  }
  return MS_SERVER;
}

/* Text of the other side without control characters, cut at a whole character; "" for NULL. */
static void
quote(const char *text, bool keep_lines, char quoted[QUOTED_MAX_BYTES + 1])
{
  size_t size_bytes = text ? strlen(text) : 0;
  size_t length = size_bytes < QUOTED_MAX_BYTES ? size_bytes : QUOTED_MAX_BYTES;
  while (length < size_bytes && length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
    length--;
  }
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)text[i];
    bool control = (byte < ' ' && !(keep_lines && byte == '\n')) || byte == 0x7F;
    quoted[i] = (char)(control ? ' ' : byte);
  }
  quoted[length] = '\0';
}

static enum ms_status
fail_authentication(const char *server, const char *user, struct ms_error *err)
{
  return ms_fail(err, MS_AUTHENTICATION,
                 "%s does not accept user '%s' with this key: check FTRACK_API_USER and "
                 "FTRACK_API_KEY",
                 server, user);
}

static enum ms_status
fail_exception(const struct ms_json_node *error, const char *server, const char *user,
               struct ms_error *err)
{
  const char *exception = ms_json_get_string(error, "exception");
  enum ms_status status = status_of(exception, ms_json_get_string(error, "error_code"));
  if (status == MS_AUTHENTICATION) {
    return fail_authentication(server, user, err);
  }
  char content[QUOTED_MAX_BYTES + 1], name[QUOTED_MAX_BYTES + 1];
  /* A query's error points at the place, in lines of its own. */
  quote(ms_json_get_string(error, "content"), status == MS_PARSE, content);
  if (status == MS_NETWORK) {
    return ms_fail(err, status, "%s cannot do that just now: %s", server, content);
  }
  if (status != MS_SERVER && *content) {
    return ms_fail(err, status, "%s", content);
  }
  quote(exception, false, name);
  return ms_fail(err, status, "%s refused: %s%s%s", server, name, *content ? ": " : "", content);
}

/* The error object in the body, in `arena`; NULL when it is none. */
static const struct ms_json_node *
parse_error(const struct ms_http_answer *answer, struct ms_arena *arena)
{
  const struct ms_buffer *body = &answer->body;
  struct ms_json_node *root;
  if (body->size_bytes > ERROR_BODY_MAX_BYTES ||
      ms_json_parse(arena, ms_buffer_string(body), body->size_bytes, &root, NULL) != MS_OK) {
    return NULL;
  }
  return ms_json_get_string(root, "exception") ? root : NULL;
}

/* ---- anything else ---- */

static enum ms_status
fail_redirect(const char *server, const char *location, struct ms_error *err)
{
  static const char path[] = "/api";
  size_t length = strlen(location);
  if (length >= strlen(path) && strcmp(location + length - strlen(path), path) == 0) {
    length -= strlen(path);
  }
  if (length == 0) {
    return ms_fail(err, MS_PROTOCOL, "%s redirects, but not to a server; check FTRACK_SERVER",
                   server);
  }
  return ms_fail(err, MS_PROTOCOL, "%s redirects to %.*s: set FTRACK_SERVER to that", server,
                 (int)length, location);
}

static const struct {
  long from, to; /* HTTP statuses */
  enum ms_status status;
  const char *message;
} statuses[] = {
    {403, 403, MS_PERMISSION,
     "forbids this request; does a proxy or firewall stand in between? check FTRACK_SERVER"},
    {407, 407, MS_NETWORK,
     "is behind a proxy that wants a user and password: put them in http_proxy or https_proxy"},
    {413, 413, MS_LIMIT, "finds this request too large: commit in smaller steps"},
    {429, 429, MS_NETWORK, "gets too many requests just now; try again later"},
    {502, 504, MS_NETWORK, "is not available just now; try again later"},
    {500, 599, MS_SERVER, "failed; its own log should tell why"},
};

/* Neither an array nor an error that we know. */
static enum ms_status
fail_form(const struct ms_http_answer *answer, const char *server, struct ms_error *err)
{
  char type[QUOTED_MAX_BYTES + 1];
  quote(answer->content_type, false, type);
  type[strcspn(type, ";")] = '\0';
  const char *what = type, *hint = ", not JSON";
  if (answer->body.size_bytes == 0) {
    what = "nothing", hint = "";
  } else if (strcasecmp(type, "application/json") == 0) {
    what = "JSON", hint = " of an unknown form";
  } else if (!*type) {
    what = "something";
  }
  return ms_fail(err, MS_PROTOCOL,
                 "%s answered %s%s (status %ld): is this an ftrack server? check FTRACK_SERVER",
                 server, what, hint, answer->status);
}

static enum ms_status
fail_status(const struct ms_http_answer *answer, const char *server, const char *user,
            struct ms_error *err)
{
  long status = answer->status;
  if (status >= 300 && status < 400) {
    return fail_redirect(server, answer->location, err);
  }
  if (status == 401) {
    return fail_authentication(server, user, err);
  }
  if (status == 422) { /* the batch itself has a wrong form; the body says where */
    char said[QUOTED_MAX_BYTES + 1];
    quote(ms_buffer_string(&answer->body), false, said);
    return ms_fail(err, MS_INVALID, "%s refused: %s", server, said);
  }
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    if (status >= statuses[i].from && status <= statuses[i].to) {
      return ms_fail(err, statuses[i].status, "%s (status %ld) %s", server, status,
                     statuses[i].message);
    }
  }
  return fail_form(answer, server, err);
}

enum ms_status
ms_transport_judge(const struct ms_http_answer *answer, const char *server, const char *user,
                   struct ms_error *err)
{
  const char *text = ms_buffer_string(&answer->body);
  size_t begin = 0, end = answer->body.size_bytes;
  while (begin < end && isspace((unsigned char)text[begin])) {
    begin++;
  }
  while (end > begin && isspace((unsigned char)text[end - 1])) {
    end--;
  }
  if (begin < end && text[begin] == '[' && answer->status >= 200 && answer->status < 300) {
    return end - begin > 1 && text[end - 1] == ']'
               ? MS_OK
               : ms_fail(err, MS_PROTOCOL, "%s sent only a part of its answer (%zu bytes)", server,
                         answer->body.size_bytes);
  }
  if (begin < end && text[begin] == '{') {
    struct ms_arena arena;
    ms_arena_init(&arena, ERROR_TREE_MAX_BYTES);
    const struct ms_json_node *error = parse_error(answer, &arena);
    enum ms_status status = error ? fail_exception(error, server, user, err) : MS_OK;
    ms_arena_free(&arena);
    if (error) {
      return status;
    }
  }
  return fail_status(answer, server, user, err);
}

/* ---- files ---- */

static const struct {
  long from, to;
  enum ms_status status;
  const char *message;
} file_statuses[] = {
    {401, 401, MS_PERMISSION, "does not accept this link; has it expired? ask for a new one"},
    {403, 403, MS_PERMISSION, "does not accept this link; has it expired? ask for a new one"},
    {404, 404, MS_NOT_FOUND, "has no data there"},
    {410, 410, MS_NOT_FOUND, "has no data there any more"},
    {413, 413, MS_LIMIT, "finds this file too large"},
    {507, 507, MS_NETWORK, "has no room for this file just now"},
    {429, 429, MS_NETWORK, "gets too many requests just now; try again later"},
    {500, 504, MS_NETWORK, "is not available just now; try again later"},
    {LONG_MIN, LONG_MAX, MS_SERVER, "refused"},
};

enum ms_status
ms_transport_judge_file(const struct ms_http_answer *answer, const char *url, struct ms_error *err)
{
  if (answer->status >= 200 && answer->status < 300) {
    return MS_OK;
  }
  size_t i = 0;
  while (answer->status < file_statuses[i].from || answer->status > file_statuses[i].to) {
    i++;
  }
  struct ms_arena arena;
  ms_arena_init(&arena, ERROR_TREE_MAX_BYTES);
  const struct ms_json_node *error = parse_error(answer, &arena);
  char said[QUOTED_MAX_BYTES + 1];
  quote(ms_json_get_string(error, "content"), false, said);
  ms_arena_free(&arena);
  return ms_fail(err, file_statuses[i].status, "%s (status %ld) %s%s%s", url, answer->status,
                 file_statuses[i].message, *said ? ": " : "", said);
}
