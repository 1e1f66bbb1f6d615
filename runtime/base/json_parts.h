/* The rooms of the pull reader (json_reader.c, json_string.c, json_number.c) to each other. */
#ifndef MS_BASE_JSON_PARTS_H
#define MS_BASE_JSON_PARTS_H

#include "base/json.h"

/* Fails with MS_PARSE: "bad JSON at byte N: problem", where `where` points into the text. */
enum ms_status
ms_json_fail_at(const struct ms_json_reader *reader, const char *where, const char *problem,
                struct ms_error *err);

/* Reads a string whose opening quote is the next byte into string and string_bytes. */
enum ms_status
ms_json_read_string(struct ms_json_reader *reader, struct ms_error *err);

/* Reads a number whose first digit or minus sign is the next byte; sets type, integer and number. */
enum ms_status
ms_json_read_number(struct ms_json_reader *reader, struct ms_error *err);

#endif
