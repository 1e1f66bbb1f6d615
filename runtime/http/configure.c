/* The options of libcurl, as tables where they are constants.
 *
 * Signals: libcurl is left to ignore SIGPIPE around its own writes; with the threaded resolver it uses no
 * other. TLS: Debian's default certificate folder keeps libcurl from caching the parsed store, so
 * the bundle file alone is used, unless a variable names a folder. */
#include "http/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { FILE_BUFFER_BYTES = 256 * 1024 };

static const struct {
  CURLoption option;
  long value;
} constants[] = {
    {CURLOPT_NOPROGRESS, 1},      {CURLOPT_TCP_KEEPALIVE, 1},
    {CURLOPT_FOLLOWLOCATION, 0},  {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    {CURLOPT_LOW_SPEED_LIMIT, 1}, /* bytes a second, with the time that says how long */
    {CURLOPT_SSL_VERIFYPEER, 1},  {CURLOPT_SSL_VERIFYHOST, 2},
};

/* The first of these that is set names the certificates to trust: a file or a folder. */
static const char *const certificate_variables[] = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
                                                    "SSL_CERT_FILE"};

static const char *
certificates(void)
{
  for (size_t i = 0; i < sizeof certificate_variables / sizeof certificate_variables[0]; i++) {
    const char *path = getenv(certificate_variables[i]);
    if (path && *path) {
      return path;
    }
  }
  return NULL;
}

static int
trust(CURL *easy)
{
  const char *path = certificates();
  if (!path) {
    return (int)ms_curl.easy_setopt(easy, CURLOPT_CAPATH, NULL);
  }
  struct stat info;
  bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
  int wrong = (int)ms_curl.easy_setopt(easy, CURLOPT_CAPATH, is_folder ? path : NULL);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_CAINFO, is_folder ? NULL : path);
  return wrong;
}

static int
set_limits(CURL *easy, const struct ms_http_transfer *transfer)
{
  const struct ms_http *http = transfer->http;
  int wrong = 0;
  wrong |=
      (int)ms_curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_timeout_ms);
  if (transfer->upload_fd >= 0 || transfer->download_fd >= 0) {
    wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)http->stall_timeout_s);
  }
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_USERAGENT, http->user_agent);
  return wrong;
}

static int
set_method(CURL *easy, const struct ms_http_transfer *transfer)
{
  bool is_get = strcmp(transfer->method, "GET") == 0;
  bool is_head = strcmp(transfer->method, "HEAD") == 0;
  bool is_post = strcmp(transfer->method, "POST") == 0;
  bool is_put = strcmp(transfer->method, "PUT") == 0;
  int wrong = 0;
  if (transfer->upload_fd >= 0) {
    wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                                      (curl_off_t)transfer->upload_bytes);
    wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)FILE_BUFFER_BYTES);
  } else if (transfer->body || is_post || is_put) {
    wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_POST, 1L);
    wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                      (curl_off_t)transfer->body_bytes);
    wrong |=
        (int)ms_curl.easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body ? transfer->body : "");
  } else if (is_head) {
    wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_NOBODY, 1L);
  }
  if (!is_get && !is_head) {
    wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_CUSTOMREQUEST, transfer->method);
  }
  /* libcurl repeats a request by itself when a connection that was kept alive turns out dead. */
  bool idempotent = !is_post || transfer->retry;
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_FRESH_CONNECT, idempotent ? 0L : 1L);
  return wrong;
}

/* A child process must not inherit our connections. */
static curl_socket_t
open_socket(void *unused, curlsocktype purpose, struct curl_sockaddr *address)
{
  (void)unused;
  (void)purpose;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int
set_callbacks(CURL *easy, struct ms_http_transfer *transfer)
{
  int wrong = 0;
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_PRIVATE, (void *)transfer);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_message);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, ms_http_on_write);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_WRITEDATA, (void *)transfer);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_READFUNCTION, ms_http_on_read);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_READDATA, (void *)transfer);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_SEEKFUNCTION, ms_http_on_seek);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_SEEKDATA, (void *)transfer);
  if (transfer->progress) {
    wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, ms_http_on_progress);
    wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_XFERINFODATA, (void *)transfer);
  }
  return wrong;
}

/* A file is fetched as it is stored; anything else may come compressed. */
static int
set_encoding(CURL *easy, const struct ms_http_transfer *transfer)
{
  if (transfer->download_fd >= 0) {
    int64_t piece_bytes = transfer->rate ? ms_rate_piece_bytes(transfer->rate) : FILE_BUFFER_BYTES;
    return (int)ms_curl.easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)piece_bytes);
  }
  return (int)ms_curl.easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
}

enum ms_status
ms_http_configure(struct ms_http_transfer *transfer, struct ms_error *err)
{
  CURL *easy = ms_curl.easy_init();
  if (!easy) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  transfer->easy = easy;
  int wrong = 0;
  for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
    wrong |= (int)ms_curl.easy_setopt(easy, constants[i].option, constants[i].value);
  }
  wrong |= set_limits(easy, transfer);
  wrong |= trust(easy);
  wrong |= set_method(easy, transfer);
  wrong |= set_callbacks(easy, transfer);
  wrong |= set_encoding(easy, transfer);
  return wrong ? ms_fail(err, MS_INTERNAL, "libcurl refuses an option; is it older than 7.85?")
               : MS_OK;
}
