/* A job filter as SQL: conditions on Job j and its user u, with numbered parameters. */
#ifndef MS_PAGE_FILTER_H
#define MS_PAGE_FILTER_H

#include "page/jobs.h"

enum {
  MS_FILTER_PARAMETERS = 6, /* the filter's are 1 to this; a statement's own come behind */
  MS_FILTER_SQL_MAX_BYTES = 4096
};

/* Checks the filter's texts. MS_USAGE names the one that is wrong. */
enum ms_status
ms_filter_check(const struct ms_job_filter *filter, struct ms_error *err);

/* Appends " WHERE …", or nothing. */
void
ms_filter_print(const struct ms_job_filter *filter, struct ms_buffer *sql);

/* Binds what ms_filter_print referred to. */
void
ms_filter_bind(const struct ms_job_filter *filter, struct ms_statement *statement);

#endif
