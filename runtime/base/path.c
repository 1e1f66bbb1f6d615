/* Names of files, and where this program keeps its own: pure text and the environment. */
#include "base/path.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The folders of the XDG Base Directory Specification. */
static const struct xdg_folder {
  const char *kind;
  const char *override; /* names our whole folder; or NULL */
  const char *variable; /* names the folder above ours */
  const char *fallback; /* below $HOME */
} xdg_folders[] = {
    {"data", "MOONSHIFT_DATA", "XDG_DATA_HOME", ".local/share"},
    {"config", NULL, "XDG_CONFIG_HOME", ".config"},
    {"state", NULL, "XDG_STATE_HOME", ".local/state"},
    {"cache", NULL, "XDG_CACHE_HOME", ".cache"},
};

char *
ms_path_join(const char *folder, const char *name)
{
  size_t folder_bytes = strlen(folder);
  if (name[0] == '/' || folder_bytes == 0) {
    return strdup(name);
  }
  while (folder_bytes > 0 && folder[folder_bytes - 1] == '/') {
    folder_bytes--;
  }
  char *path = NULL;
  return asprintf(&path, "%.*s/%s", (int)folder_bytes, folder, name) < 0 ? NULL : path;
}

const char *
ms_path_basename(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

const char *
ms_path_extension(const char *path)
{
  const char *name = ms_path_basename(path);
  name += strspn(name, ".");
  const char *dot = strrchr(name, '.');
  return dot ? dot : name + strlen(name);
}

static const struct xdg_folder *
find_xdg_folder(const char *kind)
{
  for (size_t i = 0; i < sizeof xdg_folders / sizeof xdg_folders[0]; i++) {
    if (strcmp(xdg_folders[i].kind, kind) == 0) {
      return &xdg_folders[i];
    }
  }
  return NULL;
}

/* The variable's value, or NULL when it is unset or empty. */
static const char *
get_variable(const char *name)
{
  const char *value = name ? getenv(name) : NULL;
  return value && *value ? value : NULL;
}

/* Formats into `*path`, owned by the caller. */
static enum ms_status
print_path(char **path, struct ms_error *err, const char *first, const char *second,
           const char *third)
{
  if (asprintf(path, "%s/%s%s", first, second, third) < 0) {
    *path = NULL;
    return ms_fail(err, MS_MEMORY, "out of memory for a path below '%s'", first);
  }
  return MS_OK;
}

enum ms_status
ms_path_xdg(const char *kind, char **path, struct ms_error *err)
{
  *path = NULL;
  const struct xdg_folder *folder = find_xdg_folder(kind);
  assert(folder);
  const char *own = get_variable(folder->override);
  if (own) {
    *path = strdup(own);
    return *path ? MS_OK : ms_fail(err, MS_MEMORY, "out of memory for the path '%s'", own);
  }
  const char *above = get_variable(folder->variable);
  if (above && above[0] == '/') { /* the specification: relative paths are to be ignored */
    return print_path(path, err, above, "moonshift", "");
  }
  const char *home = get_variable("HOME");
  if (home) {
    return print_path(path, err, home, folder->fallback, "/moonshift");
  }
  return ms_fail(err, MS_NOT_FOUND, "no folder for %s: neither %s nor HOME is set", kind,
                 folder->variable);
}
