/* Contexts lie in the project of what they lie in, however the tree came about. */
#ifndef MS_API_CONTEXT_H
#define MS_API_CONTEXT_H

#include "api/rules.h"

/* Rules (rules.c), after a context was written: */

/* A subtree that moves into another project takes it on. */
enum ms_status
ms_context_move(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err);

/* A new context in a project hands that on to those below it, which the batch has written before it. */
enum ms_status
ms_context_adopt(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err);

#endif
