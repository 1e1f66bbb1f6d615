/* What exactly a server refused, when it refused a batch.
 *
 * Our servers tell the operation's number. Others tell a sentence at best: what it quotes, ids and names,
 * is looked for in the operations. When one fits best it is probably that one; otherwise the operations
 * that fit equally well are listed. Nothing is sent again to find out, as that would have effects. */
#ifndef MS_SESSION_REFUSAL_H
#define MS_SESSION_REFUSAL_H

#include <lua.h>

struct ms_request;

/* Puts what was refused in front of the error of a request that failed, and what it may have been
 * behind it. The session is at index 1. */
void
ms_refusal_name(lua_State *L, struct ms_request *request);

#endif
