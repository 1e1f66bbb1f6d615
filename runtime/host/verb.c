/* Finding verbs. */
#include "host/verb.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/path.h"
#include "host/commands.h"
#include "host/host.h"

#define BUNDLED_FOLDER "scripts/"
#define SUFFIX ".lua"

enum { NAME_MAX_BYTES = 64, FOLDERS_MAX = 64 };

/* ---- names ---- */

/* A verb is a plain word: no path can hide in it. */
static bool
is_name(const char *name, size_t length)
{
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return length > 0 && length < NAME_MAX_BYTES && name[0] != '-' && strspn(name, allowed) >= length;
}

/* Copies the verb's name out of a file name; false for other files. */
static bool
name_of_file(const char *file_name, char name[NAME_MAX_BYTES])
{
  size_t length = strlen(file_name), suffix = strlen(SUFFIX);
  if (length <= suffix || strcmp(file_name + length - suffix, SUFFIX) != 0 ||
      !is_name(file_name, length - suffix)) {
    return false;
  }
  snprintf(name, NAME_MAX_BYTES, "%.*s", (int)(length - suffix), file_name);
  return true;
}

/* ---- folders ---- */

/* Says once why an entry of MOONSHIFT_PATH does not count. */
static void
warn_left_out(const char *folder, const char *reason)
{
  static bool warned;
  if (!warned) {
    ms_log(MS_LOG_WARNING, "MOONSHIFT_PATH: '%s' is left out: %s", folder, reason);
  }
  warned = true;
}

static void
add_folder(char **folders, size_t *count, char *folder)
{
  if (folder == NULL) {
    return;
  }
  if (folder[0] != '/') {
    warn_left_out(folder, "folders are given from the root");
    free(folder);
  } else if (*count == FOLDERS_MAX) {
    warn_left_out(folder, "there are more folders than 64");
    free(folder);
  } else {
    folders[(*count)++] = folder;
  }
}

char **
ms_verb_folders(void)
{
  char **folders = calloc(FOLDERS_MAX + 2, sizeof *folders);
  size_t count = 0;
  if (folders == NULL) {
    return NULL;
  }
  const char *path = getenv("MOONSHIFT_PATH");
  while (path != NULL && *path != '\0') {
    size_t length = strcspn(path, ":");
    if (length > 0) {
      add_folder(folders, &count, strndup(path, length));
    }
    path += length + (path[length] == ':');
  }
  char *configuration = NULL;
  if (ms_path_xdg("config", &configuration, NULL) == MS_OK) {
    folders[count] = ms_path_join(configuration, "scripts");
    free(configuration);
  }
  return folders;
}

void
ms_verb_folders_free(char **folders)
{
  for (size_t i = 0; folders != NULL && folders[i] != NULL; i++) {
    free(folders[i]);
  }
  free(folders);
}

/* ---- all verbs ---- */

struct names {
  char (*items)[NAME_MAX_BYTES]; /* owned */
  size_t count, capacity;
};

static bool
has_name(const struct names *names, const char *name)
{
  for (size_t i = 0; i < names->count; i++) {
    if (strcmp(names->items[i], name) == 0) {
      return true;
    }
  }
  return false;
}

static void
add_name(struct names *names, const char *name)
{
  if (has_name(names, name)) {
    return;
  }
  if (names->count == names->capacity) {
    size_t capacity = names->capacity * 2 + 16;
    void *items = realloc(names->items, capacity * sizeof *names->items);
    if (items == NULL) {
      return;
    }
    names->items = items;
    names->capacity = capacity;
  }
  snprintf(names->items[names->count++], NAME_MAX_BYTES, "%s", name);
}

static void
add_bundled(struct names *names)
{
  char name[NAME_MAX_BYTES];
  size_t prefix = strlen(BUNDLED_FOLDER);
  for (const struct ms_embedded_file *file = ms_embedded_scripts; file->name != NULL; file++) {
    if (strncmp(file->name, BUNDLED_FOLDER, prefix) == 0 &&
        name_of_file(file->name + prefix, name)) {
      add_name(names, name);
    }
  }
}

static void
add_folder_names(struct names *names, const char *folder)
{
  char name[NAME_MAX_BYTES];
  DIR *entries = opendir(folder);
  if (entries == NULL) {
    return;
  }
  for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
    if (name_of_file(entry->d_name, name)) {
      add_name(names, name);
    }
  }
  closedir(entries);
}

static int
compare_names(const void *a, const void *b)
{
  return strcmp(a, b);
}

static void
visit_names(const struct names *names, size_t first, bool bundled,
            void (*visit)(void *user, const char *name, bool bundled), void *user)
{
  if (names->count > first) {
    qsort(names->items + first, names->count - first, sizeof *names->items, compare_names);
  }
  for (size_t i = first; i < names->count; i++) {
    visit(user, names->items[i], bundled);
  }
}

void
ms_verb_each(void (*visit)(void *user, const char *name, bool bundled), void *user)
{
  struct names names = {0};
  add_bundled(&names);
  visit_names(&names, 0, true, visit, user);
  size_t bundled_count = names.count;
  char **folders = ms_verb_folders();
  for (size_t i = 0; folders != NULL && folders[i] != NULL; i++) {
    add_folder_names(&names, folders[i]);
  }
  visit_names(&names, bundled_count, false, visit, user);
  ms_verb_folders_free(folders);
  free(names.items);
}

/* ---- one verb ---- */

struct search {
  struct ms_nearest nearest;
  char best[NAME_MAX_BYTES]; /* names do not outlive the visit */
};

static void
offer(void *user, const char *name, bool bundled)
{
  (void)bundled;
  struct search *search = user;
  ms_nearest_offer(&search->nearest, name);
  if (search->nearest.best == name) {
    snprintf(search->best, sizeof search->best, "%s", name);
    search->nearest.best = search->best;
  }
}

static enum ms_status
fail_unknown(const char *name, struct ms_error *err)
{
  struct search search = {.nearest = {.word = name}};
  for (const struct ms_command *command = ms_commands; command->name != NULL; command++) {
    offer(&search, command->name, true);
  }
  ms_verb_each(offer, &search);
  if (search.nearest.best != NULL) {
    return ms_fail(err, MS_NOT_FOUND, "there is no verb '%s'; did you mean '%s'?", name,
                   search.nearest.best);
  }
  return ms_fail(err, MS_NOT_FOUND, "there is no verb '%s'; 'moonshift help' lists them", name);
}

static bool
open_bundled(const char *name, struct ms_verb *verb)
{
  char file_name[NAME_MAX_BYTES + sizeof BUNDLED_FOLDER SUFFIX];
  struct ms_embedded file;
  snprintf(file_name, sizeof file_name, BUNDLED_FOLDER "%s" SUFFIX, name);
  if (!ms_embedded_open(ms_embedded_scripts, file_name, &file)) {
    return false;
  }
  verb->bundled = true;
  verb->text = strndup(file.data, file.size_bytes);
  verb->text_bytes = file.size_bytes;
  if (asprintf(&verb->chunk_name, "@%s", file_name) < 0) {
    verb->chunk_name = NULL;
  }
  ms_embedded_free(&file);
  return true;
}

/* MS_NOT_FOUND when the folder has no such verb. */
static enum ms_status
open_in_folder(const char *folder, const char *name, struct ms_verb *verb, struct ms_error *err)
{
  if (asprintf(&verb->chunk_name, "@%s/%s" SUFFIX, folder, name) < 0) {
    verb->chunk_name = NULL;
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  enum ms_status status = ms_path_read(verb->chunk_name + 1, MS_VERB_SCRIPT_MAX_BYTES, &verb->text,
                                       &verb->text_bytes, err);
  if (status != MS_OK) {
    free(verb->chunk_name);
    verb->chunk_name = NULL;
  }
  return status;
}

static enum ms_status
open_user(const char *name, struct ms_verb *verb, struct ms_error *err)
{
  enum ms_status status = MS_NOT_FOUND;
  char **folders = ms_verb_folders();
  for (size_t i = 0; status == MS_NOT_FOUND && folders != NULL && folders[i] != NULL; i++) {
    status = open_in_folder(folders[i], name, verb, err);
  }
  ms_verb_folders_free(folders);
  return status;
}

enum ms_status
ms_verb_open(const char *name, struct ms_verb *verb, struct ms_error *err)
{
  *verb = (struct ms_verb){0};
  if (!is_name(name, strlen(name))) {
    return fail_unknown(name, err);
  }
  enum ms_status status = open_bundled(name, verb) ? MS_OK : open_user(name, verb, err);
  if (status == MS_NOT_FOUND) {
    return fail_unknown(name, err);
  }
  if (status == MS_OK && (verb->text == NULL || verb->chunk_name == NULL)) {
    ms_verb_free(verb);
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  return status;
}

void
ms_verb_free(struct ms_verb *verb)
{
  free(verb->chunk_name);
  free(verb->text);
  *verb = (struct ms_verb){0};
}
