/* One split serves all: scheme, authority, path, as slices of the text. */
#include "http/url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN_MAX_BYTES = 64 };

struct parts {
  const char *scheme; /* "http" or "https", static; NULL when it is neither */
  const char *port;   /* the digits; "" when none are given */
  int port_bytes;
  const char *host; /* with the brackets of an IPv6 address */
  int host_bytes;
  const char *path; /* from the first slash; "" when there is none */
  int path_bytes;
};

static const struct {
  const char *prefix, *scheme, *port;
} schemes[] = {
    {"http://", "http", "80"},
    {"https://", "https", "443"},
};

/* host[:port], where the host may be a bracketed IPv6 address. */
static void
split_host(const char *text, size_t length, struct parts *parts)
{
  size_t host = 0;
  if (length > 0 && text[0] == '[') {
    const char *bracket = memchr(text, ']', length);
    host = bracket ? (size_t)(bracket - text) + 1 : length;
  }
  while (host < length && text[host] != ':') {
    host++;
  }
  parts->host = text;
  parts->host_bytes = (int)host;
  parts->port = host < length ? text + host + 1 : "";
  parts->port_bytes = host < length ? (int)(length - host - 1) : 0;
}

static struct parts
split(const char *url)
{
  struct parts parts = {.host = "", .port = "", .path = ""};
  const char *authority = NULL;
  const char *scheme_port = "";
  for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
    size_t length = strlen(schemes[i].prefix);
    if (strncasecmp(url, schemes[i].prefix, length) == 0) {
      parts.scheme = schemes[i].scheme;
      scheme_port = schemes[i].port;
      authority = url + length;
    }
  }
  if (!authority) {
    return parts;
  }
  size_t length = strcspn(authority, "/?#");
  parts.path = authority + length;
  parts.path_bytes = (int)strcspn(parts.path, "?#");
  const char *at = memrchr(authority, '@', length);
  if (at) {
    length -= (size_t)(at + 1 - authority);
    authority = at + 1;
  }
  split_host(authority, length, &parts);
  if (parts.port_bytes == (int)strlen(scheme_port) &&
      strncmp(parts.port, scheme_port, strlen(scheme_port)) == 0) {
    parts.port_bytes = 0;
  }
  return parts;
}

static bool
is_port(const char *text, int length)
{
  int port = 0;
  for (int i = 0; i < length; i++) {
    if (!isdigit((unsigned char)text[i]) || i >= 5) {
      return false;
    }
    port = port * 10 + (text[i] - '0');
  }
  return port <= 65535;
}

static bool
has_bad_byte(const char *url)
{
  for (; *url; url++) {
    if ((unsigned char)*url <= ' ' || *url == 0x7F || *url == '\\') {
      return true;
    }
  }
  return false;
}

/* A host that can be shown and compared: no signs that could hide another one. */
static bool
is_host(const char *host, int length)
{
  if (length > 255) {
    return false;
  }
  bool bracketed = length > 0 && host[0] == '[';
  if (bracketed) {
    return length > 2 && host[length - 1] == ']' &&
           strspn(host + 1, "0123456789abcdefABCDEF:.%") >= (size_t)length - 2;
  }
  for (int i = 0; i < length; i++) {
    if (!isalnum((unsigned char)host[i]) && !strchr("-._", host[i]) && !(host[i] & 0x80)) {
      return false;
    }
  }
  return length > 0;
}

enum ms_status
ms_http_url_check(const char *url, struct ms_error *err)
{
  struct parts parts = split(url);
  if (!parts.scheme) {
    int shown = (int)strcspn(url, ":/?#@");
    return ms_fail(err, MS_USAGE,
                   "'%.*s' is not the beginning of a URL: give http://… or https://…",
                   shown < SHOWN_MAX_BYTES ? shown : SHOWN_MAX_BYTES, url);
  }
  if (strlen(url) > MS_HTTP_URL_MAX_BYTES) {
    return ms_fail(err, MS_USAGE, "the URL is longer than %d bytes", MS_HTTP_URL_MAX_BYTES);
  }
  if (has_bad_byte(url)) {
    return ms_fail(err, MS_USAGE,
                   "the URL has a blank, backslash or control character; write it percent-encoded");
  }
  if (!is_host(parts.host, parts.host_bytes)) {
    return ms_fail(err, MS_USAGE, "the URL %s://… names no valid host", parts.scheme);
  }
  if (!is_port(parts.port, parts.port_bytes)) {
    return ms_fail(err, MS_USAGE, "the URL %s://%.*s has a bad port '%.*s'", parts.scheme,
                   parts.host_bytes, parts.host, parts.port_bytes, parts.port);
  }
  return MS_OK;
}

static char *
print(const struct parts *parts, bool with_path)
{
  char *text;
  if (asprintf(&text, "%s://%.*s%s%.*s%.*s", parts->scheme, parts->host_bytes, parts->host,
               parts->port_bytes ? ":" : "", parts->port_bytes, parts->port,
               with_path ? parts->path_bytes : 0, parts->path) < 0) {
    return NULL;
  }
  char *host = text + strlen(parts->scheme) + strlen("://");
  for (int i = 0; i < parts->host_bytes; i++) {
    host[i] = (char)tolower((unsigned char)host[i]);
  }
  return text;
}

char *
ms_http_url_origin(const char *url)
{
  struct parts parts = split(url);
  return print(&parts, false);
}

char *
ms_http_url_public(const char *url)
{
  struct parts parts = split(url);
  return print(&parts, true);
}

bool
ms_http_url_same_origin(const char *a, const char *b)
{
  struct parts x = split(a);
  struct parts y = split(b);
  return x.scheme == y.scheme && x.host_bytes == y.host_bytes &&
         strncasecmp(x.host, y.host, (size_t)x.host_bytes) == 0 && x.port_bytes == y.port_bytes &&
         strncmp(x.port, y.port, (size_t)x.port_bytes) == 0;
}
