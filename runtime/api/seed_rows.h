/* The rows that a new database begins with, as data.
 *
 * Names stand for ids: a row without a known id gets one that is made from its type and name, so it is the
 * same in every database; in `members`, {Type:Name} is the id of that row. */
#ifndef MS_API_SEED_ROWS_H
#define MS_API_SEED_ROWS_H

#include <stddef.h>

struct ms_seed_row {
  const char *type;
  const char
      *name; /* also the attribute `name`; beginning with "#": only what the row is called here */
  const char *id;      /* NULL: made from type and name */
  const char *members; /* further attributes as JSON members, or NULL */
};

/* A set of rows that each join one owner with one member. */
struct ms_seed_links {
  const char *type;                                   /* of the joining rows */
  const char *owner_column, *owner_type, *owner_name; /* owner_name as in the rows */
  const char *member_column, *member_type;
  const char *member_names; /* separated by "|", in the order of their `sort` where there is one */
  int has_sort;
};

/* What every client takes for granted: locations, object types, kinds of custom attributes. */
extern const struct ms_seed_row ms_seed_essentials[];
extern const size_t ms_seed_essential_count;

/* A studio to start with: statuses, types, workflows, a project schema, roles, categories. */
extern const struct ms_seed_row ms_seed_studio[];
extern const size_t ms_seed_studio_count;
extern const struct ms_seed_links ms_seed_studio_links[];
extern const size_t ms_seed_studio_link_count;

#endif
