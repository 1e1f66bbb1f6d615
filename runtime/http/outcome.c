/* libcurl's result codes in our words: one table, and the few that need a closer look. */
#include "http/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/url.h"

#define BROKE_EARLY " broke before the answer was complete"
#define CERTIFICATE_HINT                                                                  \
  "; a studio's own certificate authority goes in REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or " \
  "SSL_CERT_FILE"

/* The message is `before`, the server's origin, `after`, `hint`; with no `after`, libcurl's own words. */
struct meaning {
  CURLcode code;
  enum ms_http_outcome outcome;
  enum ms_status status;
  const char *before, *after, *hint;
};

static const struct meaning meanings[] = {
    {CURLE_COULDNT_RESOLVE_HOST, MS_HTTP_UNREACHED, MS_NETWORK, "cannot reach ",
     ": no such host is known", ""},
    {CURLE_COULDNT_RESOLVE_PROXY, MS_HTTP_UNREACHED, MS_NETWORK, "cannot reach ",
     ": no such proxy is known", "; check http_proxy, https_proxy and no_proxy"},
    {CURLE_SEND_ERROR, MS_HTTP_BROKEN, MS_NETWORK, "the connection to ",
     " broke while the request was sent", ""},
    {CURLE_RECV_ERROR, MS_HTTP_BROKEN, MS_NETWORK, "the connection to ", BROKE_EARLY, ""},
    {CURLE_PARTIAL_FILE, MS_HTTP_BROKEN, MS_NETWORK, "the connection to ", BROKE_EARLY, ""},
    {CURLE_HTTP2, MS_HTTP_BROKEN, MS_NETWORK, "the connection to ", BROKE_EARLY, ""},
    {CURLE_HTTP2_STREAM, MS_HTTP_BROKEN, MS_NETWORK, "the connection to ", BROKE_EARLY, ""},
    {CURLE_GOT_NOTHING, MS_HTTP_BROKEN, MS_NETWORK, "the connection to ",
     " was closed without an answer", ""},
    {CURLE_WEIRD_SERVER_REPLY, MS_HTTP_HOPELESS, MS_PROTOCOL, "", " does not speak HTTP", ""},
    {CURLE_UNSUPPORTED_PROTOCOL, MS_HTTP_HOPELESS, MS_PROTOCOL, "", " does not speak HTTP", ""},
    {CURLE_BAD_CONTENT_ENCODING, MS_HTTP_HOPELESS, MS_PROTOCOL, "",
     " sent an answer that cannot be decompressed", ""},
    {CURLE_PEER_FAILED_VERIFICATION, MS_HTTP_HOPELESS, MS_NETWORK, "cannot trust ", NULL,
     CERTIFICATE_HINT},
    {CURLE_SSL_CACERT_BADFILE, MS_HTTP_HOPELESS, MS_NETWORK, "cannot trust ", NULL,
     CERTIFICATE_HINT},
    {CURLE_SSL_CONNECT_ERROR, MS_HTTP_HOPELESS, MS_NETWORK, "no TLS with ", NULL,
     "; is it http:// rather than https://?"},
    {CURLE_OUT_OF_MEMORY, MS_HTTP_HOPELESS, MS_MEMORY, "out of memory while talking to ", "", ""},
    {CURLE_OK, MS_HTTP_HOPELESS, MS_NETWORK, "cannot talk to ", NULL, ""}, /* any other */
};

static const struct meaning *
find_meaning(CURLcode code)
{
  const struct meaning *meaning = meanings;
  while (meaning->code != code && meaning->code != CURLE_OK) {
    meaning++;
  }
  return meaning;
}

/* libcurl names the host that it tried to connect to; another one than ours is a proxy. */
static bool
went_to_proxy(const char *curl_message, const char *origin)
{
  const char *host = strstr(origin, "://");
  host = host ? host + strlen("://") : origin;
  char name[256];
  snprintf(name, sizeof name, " %.*s ", (int)strcspn(host, ":"), host);
  return strstr(curl_message, "Failed to connect to ") && *host != '[' &&
         !strstr(curl_message, name);
}

static enum ms_http_outcome
explain_refusal(struct ms_http_transfer *transfer, const char *origin)
{
  long error_number = 0;
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &error_number);
  const char *hint = went_to_proxy(transfer->curl_message, origin)
                         ? " (by the proxy; check http_proxy, https_proxy and no_proxy)"
                         : "";
  if (error_number) {
    ms_fail(&transfer->error, MS_NETWORK, "cannot reach %s: %s%s", origin,
            strerror((int)error_number), hint);
  } else {
    ms_fail(&transfer->error, MS_NETWORK, "cannot reach %s: %s%s", origin, transfer->curl_message,
            hint);
  }
  return MS_HTTP_UNREACHED;
}

/* "1.5 s", "250 ms" */
static void
print_limit(int64_t limit_ms, char text[32])
{
  if (limit_ms % 100 == 0) {
    snprintf(text, 32, "%lld.%lld s", (long long)(limit_ms / 1000),
             (long long)(limit_ms % 1000 / 100));
  } else {
    snprintf(text, 32, "%lld ms", (long long)limit_ms);
  }
}

/* Which limit of those that hold for a connection was it? */
static int64_t
connect_limit_ms(const struct ms_http_transfer *transfer)
{
  curl_off_t total_us = 0;
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &total_us);
  int64_t own_ms = transfer->http->connect_timeout_ms;
  bool whole_time_is_up = transfer->timeout_ms > 0 && total_us / 1000 < own_ms;
  return whole_time_is_up ? transfer->timeout_ms : own_ms;
}

static enum ms_http_outcome
explain_timeout(struct ms_http_transfer *transfer, const char *origin)
{
  curl_off_t connected_us = 0;
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
  char limit[32];
  if (connected_us == 0) {
    print_limit(connect_limit_ms(transfer), limit);
    ms_fail(&transfer->error, MS_TIMEOUT, "cannot reach %s: no connection after %s", origin, limit);
    return MS_HTTP_TIMED_OUT;
  }
  if (transfer->deadline_ms == INT64_MAX) {
    ms_fail(&transfer->error, MS_TIMEOUT, "%s stalled: no byte moved for %d s", origin,
            transfer->http->stall_timeout_s);
    return MS_HTTP_BROKEN;
  }
  print_limit(transfer->timeout_ms, limit);
  ms_fail(&transfer->error, MS_TIMEOUT, "%s gave no complete answer in %s", origin, limit);
  return MS_HTTP_TIMED_OUT;
}

static enum ms_http_outcome
explain_code(struct ms_http_transfer *transfer, CURLcode code, const char *origin)
{
  if (code == CURLE_COULDNT_CONNECT) {
    return explain_refusal(transfer, origin);
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return explain_timeout(transfer, origin);
  }
  const struct meaning *meaning = find_meaning(code);
  const char *words =
      transfer->curl_message[0] ? transfer->curl_message : ms_curl.easy_strerror(code);
  ms_fail(&transfer->error, meaning->status, "%s%s%s%s%s", meaning->before, origin,
          meaning->after ? "" : ": ", meaning->after ? meaning->after : words, meaning->hint);
  return meaning->outcome;
}

enum ms_http_outcome
ms_http_explain(struct ms_http_transfer *transfer, CURLcode code)
{
  if (transfer->failure.status != MS_OK) {
    transfer->error = transfer->failure;
    return MS_HTTP_HOPELESS;
  }
  char *origin = ms_http_url_origin(transfer->url);
  enum ms_http_outcome outcome = explain_code(transfer, code, origin ? origin : "the server");
  free(origin);
  return outcome;
}
