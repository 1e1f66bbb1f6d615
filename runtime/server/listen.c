/* Split, resolve, bind to the first address that works, ask the system for the port. */
#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 511, HOST_MAX_BYTES = 255, PORT_MAX_BYTES = 5 };

struct address {
  char host[HOST_MAX_BYTES + 1]; /* without brackets; "" means every interface */
  char port[PORT_MAX_BYTES + 1];
};

static bool
is_port(const char *text)
{
  size_t length = strlen(text);
  return length > 0 && length <= PORT_MAX_BYTES && strspn(text, "0123456789") == length &&
         atoi(text) <= 65535;
}

static enum ms_status
split(const char *text, struct address *address, struct ms_error *err)
{
  const char *colon = strrchr(text, ':');
  const char *host = text;
  size_t length = colon ? (size_t)(colon - text) : 0;
  if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
    host++;
    length -= 2;
  }
  bool bare_v6 = memchr(host, ':', length) && host == text;
  if (!colon || !is_port(colon + 1) || length > HOST_MAX_BYTES || bare_v6) {
    return ms_fail(err, MS_USAGE,
                   "cannot listen at '%s': give HOST:PORT (127.0.0.1:8000), [IPV6]:PORT, or :PORT "
                   "for every interface",
                   text);
  }
  memcpy(address->host, host, length);
  address->host[length] = '\0';
  memcpy(address->port, colon + 1, strlen(colon + 1) + 1);
  return MS_OK;
}

/* A socket that listens there, or -1 with errno. */
static int
listen_at(const struct addrinfo *info)
{
  int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return -1;
  }
  int on = 1, off = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (info->ai_family == AF_INET6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
    return fd;
  }
  int error_number = errno;
  close(fd);
  errno = error_number;
  return -1;
}

static enum ms_status
refused(const char *address, int error_number, struct ms_error *err)
{
  switch (error_number) {
  case EADDRINUSE:
    return ms_fail(err, MS_BUSY,
                   "cannot listen at '%s': the port is in use; choose another, or port 0", address);
  case EADDRNOTAVAIL:
    return ms_fail(err, MS_USAGE, "cannot listen at '%s': this machine has no such address",
                   address);
  default:
    return ms_fail_errno(err, error_number, "cannot listen at '%s'", address);
  }
}

/* The URL of a bound socket. A wildcard address is reached by the loopback's. */
static enum ms_status
print_url(int fd, const char *host, char **url, struct ms_error *err)
{
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } bound = {0};
  socklen_t length = sizeof bound;
  if (getsockname(fd, &bound.any, &length) < 0) {
    return ms_fail_errno(err, errno, "cannot read the address of the listening socket");
  }
  bool v6 = bound.any.sa_family == AF_INET6;
  bool wildcard = v6 ? IN6_IS_ADDR_UNSPECIFIED(&bound.v6.sin6_addr)
                     : bound.v4.sin_addr.s_addr == htonl(INADDR_ANY);
  if (wildcard) {
    host = "127.0.0.1";
  }
  bool bracket = strchr(host, ':') != NULL;
  if (asprintf(url, "http://%s%s%s:%d", bracket ? "[" : "", host, bracket ? "]" : "",
               ntohs(v6 ? bound.v6.sin6_port : bound.v4.sin_port)) < 0) {
    *url = NULL;
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  return MS_OK;
}

enum ms_status
ms_listen(const char *text, int *fd, char **url, struct ms_error *err)
{
  struct address address = {0};
  enum ms_status status = split(text, &address, err);
  if (status != MS_OK) {
    return status;
  }
  struct addrinfo hints = {.ai_family = address.host[0] ? AF_UNSPEC : AF_INET,
                           .ai_socktype = SOCK_STREAM,
                           .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
  struct addrinfo *found = NULL;
  int failure = getaddrinfo(address.host[0] ? address.host : NULL, address.port, &hints, &found);
  if (failure) {
    return ms_fail(err, MS_USAGE, "cannot listen at '%s': %s", text, gai_strerror(failure));
  }
  *fd = -1;
  int error_number = 0;
  for (struct addrinfo *info = found; info && *fd < 0; info = info->ai_next) {
    *fd = listen_at(info);
    error_number = errno;
  }
  freeaddrinfo(found);
  if (*fd < 0) {
    return refused(text, error_number, err);
  }
  status = print_url(*fd, address.host, url, err);
  if (status != MS_OK) {
    close(*fd);
    *fd = -1;
  }
  return status;
}
