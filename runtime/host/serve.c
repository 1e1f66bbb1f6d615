/* moonshift serve: the embedded tracker on the network. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/json.h"
#include "base/path.h"
#include "host/arguments.h"
#include "host/browser.h"
#include "host/commands.h"
#include "host/script.h"
#include "loop/loop.h"
#include "server/server.h"

#define DEFAULT_LISTEN "127.0.0.1:8765"

enum {
  URL_MAX_BYTES = 4096,
  QUERY_MAX_BYTES = 4096,
  ARENA_MAX_BYTES = 65536,
  USER_ID_SIZE = 64,
  STOP_SIGNALS = 3
};

struct service {
  uv_loop_t loop;
  uv_signal_t signals[STOP_SIGNALS];
  uv_process_t browser;
  struct ms_api *api;
  struct ms_server *server;
  const char *listen, *public_url, *data;
  bool new_key, open, empty;
  bool stopping;
};

/* ---- whom the key is for ---- */

/* The name of a user, asked for as any client would; owned. */
static enum ms_status
read_username(struct ms_api *api, const char *user_id, char **username, struct ms_error *err)
{
  char body[QUERY_MAX_BYTES];
  struct ms_buffer answer;
  struct ms_arena arena;
  struct ms_json_node *root = NULL;
  snprintf(body, sizeof body,
           "[{\"action\":\"query\",\"expression\":\"select username from User where id is '%s'\"}]",
           user_id);
  ms_buffer_init(&answer, QUERY_MAX_BYTES);
  ms_arena_init(&arena, ARENA_MAX_BYTES);
  const struct ms_api_request request = {
      .body = body, .body_bytes = strlen(body), .user_id = user_id, .base_url = ""};
  enum ms_status status = ms_api_call(api, &request, &answer, err);
  if (status == MS_OK) {
    status = ms_json_parse(&arena, answer.data, answer.size_bytes, &root, err);
  }
  if (status == MS_OK) {
    const struct ms_json_node *data = ms_json_get(root->first, "data");
    const char *name = ms_json_get_string(data != NULL ? data->first : NULL, "username");
    *username = strdup(name != NULL ? name : "");
  }
  ms_arena_free(&arena);
  ms_buffer_free(&answer);
  return status;
}

/* Opens the Jobs page, or says how to. */
static void
show_page(struct service *service, const char *user_id)
{
  struct ms_buffer link;
  struct ms_error err;
  ms_buffer_init(&link, URL_MAX_BYTES);
  ms_server_print_sign_in(service->server, user_id, &link);
  bool opened = service->open;
  if (opened &&
      ms_browser_open(&service->loop, &service->browser, ms_buffer_string(&link), &err) != MS_OK) {
    fprintf(stderr, "moonshift: %s\n", err.message);
    opened = false;
  }
  if (opened) {
    puts("The Jobs page opens in your browser.");
  } else {
    printf("The Jobs page; the link signs you in, once: %s\n", ms_buffer_string(&link));
  }
  ms_buffer_free(&link);
}

/* Prints the key when there is none yet or a new one is wanted. */
static enum ms_status
show_key(struct service *service, const char *user_id, struct ms_error *err)
{
  char *key = NULL, *username = NULL;
  const char *url = ms_server_url(service->server);
  if (ms_api_has_key(service->api, user_id) && !service->new_key) {
    puts("A key was shown when it was made; 'moonshift serve --new-key' makes another.");
    return MS_OK;
  }
  enum ms_status status = read_username(service->api, user_id, &username, err);
  if (status == MS_OK) {
    status = ms_api_create_key(service->api, user_id, "moonshift serve", &key, err);
  }
  if (status == MS_OK) {
    printf("Keep the key, it is shown this once. To use this tracker:\n\n"
           "export FTRACK_SERVER='%s'\n"
           "export FTRACK_API_USER='%s'\n"
           "export FTRACK_API_KEY='%s'\n\n",
           service->public_url != NULL ? service->public_url : url, username, key);
  }
  free(username);
  free(key);
  return status;
}

/* Prints the address, how to get to the page, and how scripts get in. */
static enum ms_status
introduce(struct service *service, struct ms_error *err)
{
  char user_id[USER_ID_SIZE];
  printf("moonshift: listening on %s\n", ms_server_url(service->server));
  enum ms_status status = ms_api_local_user(service->api, user_id, err);
  if (status != MS_OK) {
    return status;
  }
  show_page(service, user_id);
  return show_key(service, user_id, err);
}

/* ---- running ---- */

static void
on_stop(uv_signal_t *handle, int signal_number)
{
  (void)signal_number;
  struct service *service = handle->data;
  service->stopping = true;
  uv_stop(handle->loop);
}

static void
watch_signals(struct service *service)
{
  static const int numbers[STOP_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
  for (size_t i = 0; i < STOP_SIGNALS; i++) {
    uv_signal_init(&service->loop, &service->signals[i]);
    service->signals[i].data = service;
    uv_signal_start(&service->signals[i], on_stop, numbers[i]);
  }
}

static enum ms_status
open_service(struct service *service, struct ms_error *err)
{
  char *folder = service->data != NULL ? strdup(service->data) : NULL;
  enum ms_status status = folder != NULL ? MS_OK : ms_path_xdg("data", &folder, err);
  if (status == MS_OK) {
    status = service->empty ? ms_api_open_empty(folder, &service->api, err)
                            : ms_api_open(folder, &service->api, err);
  }
  free(folder);
  if (status != MS_OK) {
    return status;
  }
  const struct ms_server_options options = {service->listen, service->public_url};
  return ms_server_open(&service->loop, service->api, &options, &service->server, err);
}

static enum ms_status
serve(struct service *service, struct ms_error *err)
{
  watch_signals(service);
  enum ms_status status = open_service(service, err);
  if (status == MS_OK) {
    status = introduce(service, err);
  }
  fflush(stdout);
  while (status == MS_OK && !service->stopping) {
    uv_run(&service->loop, UV_RUN_DEFAULT);
  }
  if (service->server != NULL) {
    ms_server_close(service->server);
  }
  if (service->api != NULL) {
    ms_api_close(service->api);
  }
  return status;
}

int
ms_command_serve(int argument_count, char **arguments)
{
  struct service service = {.listen = DEFAULT_LISTEN};
  const struct ms_argument table[] = {
      {"listen", &service.listen, NULL, "HOST:PORT"},
      {"data", &service.data, NULL, "DIR"},
      {"public-url", &service.public_url, NULL, "URL"},
      {"new-key", NULL, &service.new_key, NULL},
      {"open", NULL, &service.open, NULL},
      {"empty", NULL, &service.empty, NULL},
  };
  int usage =
      ms_arguments_read("serve", table, sizeof table / sizeof table[0], argument_count, arguments);
  if (usage != 0) {
    return usage;
  }
  struct ms_error err;
  enum ms_status status = ms_loop_open(&service.loop, &err);
  if (status == MS_OK) {
    status = serve(&service, &err);
    ms_loop_close_handles(&service.loop);
    ms_loop_close(&service.loop);
  }
  if (status == MS_USAGE) {
    return ms_usage_error("serve", "%s", err.message);
  }
  if (status != MS_OK) {
    fprintf(stderr, "moonshift: %s\n", err.message);
    return EXIT_FAILURE;
  }
  return ms_flush_output(EXIT_SUCCESS);
}
