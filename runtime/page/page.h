/* What the Jobs page asks of the tracker: who is signed in, which jobs there are, what one of them holds.
 *
 * Everything here is below HTTP: the server's endpoints pass arguments in and JSON text out. Reading goes
 * over a database connection of its own, which tells when anybody (the server, another process) committed
 * something; writing goes through the API like everybody's. One thread, the API's. */
#ifndef MS_PAGE_PAGE_H
#define MS_PAGE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/api.h"
#include "base/embedded.h"

struct ms_page;

/* Opens a connection beside the API's. `api` is borrowed and must outlive the page. */
enum ms_status
ms_page_open(struct ms_api *api, struct ms_page **page, struct ms_error *err);

void
ms_page_close(struct ms_page *page);

/* Tells of which files the server makes small pictures, by their names. */
void
ms_page_set_previews(struct ms_page *page, bool (*can_preview)(const char *file_name));

/* The data folder. Borrowed. */
const char *
ms_page_folder(const struct ms_page *page);

/* A number above 0 that is larger whenever somebody, whoever it is, has committed to the database since it was
 * asked for last; also than those before a restart. Costs microseconds. */
int64_t
ms_page_version(struct ms_page *page);

/* A file of the page: its text, and its media type (static text). MS_NOT_FOUND for an unknown name. Free
 * with ms_embedded_free. */
enum ms_status
ms_page_file(const char *name, struct ms_embedded *file, const char **type, struct ms_error *err);

#endif
