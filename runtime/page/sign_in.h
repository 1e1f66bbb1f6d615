/* Who is signed in at the page: one-time links and session cookies.
 *
 * Both are 256 random bits and kept as SHA-256 alone. A link's token works once and until the server ends;
 * a session outlives the server, until it expires, is ended, or its user is made inactive. */
#ifndef MS_PAGE_SIGN_IN_H
#define MS_PAGE_SIGN_IN_H

#include <stddef.h>

#include "page/page.h"

enum {
  MS_SIGN_IN_TOKEN_SIZE = 65,                /* text with the NUL */
  MS_SIGN_IN_LIFETIME_S = 14 * 24 * 60 * 60, /* of a session */
  MS_SIGN_IN_LINK_LIFETIME_S = 24 * 60 * 60, /* of a one-time link */
  MS_SIGN_IN_COOKIE_MAX_BYTES = 256,         /* of a Set-Cookie header's value */
  MS_SIGN_IN_PER_USER_MAX = 50               /* sessions; the oldest ends */
};

/* Makes the one-time token that signs this user in; an earlier one no longer works. */
void
ms_sign_in_make_link(struct ms_page *page, const char *user_id, char token[MS_SIGN_IN_TOKEN_SIZE]);

/* Takes a one-time token: its user's id. MS_AUTHENTICATION when it is wrong, used or too old. */
enum ms_status
ms_sign_in_redeem(struct ms_page *page, const char *token, char user_id[64], struct ms_error *err);

/* Begins a session and appends the value of the Set-Cookie header. `secure`: over TLS only. */
enum ms_status
ms_sign_in_begin(struct ms_page *page, const char *user_id, bool secure, struct ms_buffer *cookie,
                 struct ms_error *err);

/* The user of the session in a Cookie header (NULL: none). MS_AUTHENTICATION when there is none. */
enum ms_status
ms_sign_in_check(struct ms_page *page, const char *cookies, char user_id[64], struct ms_error *err);

/* Ends the session in a Cookie header, if there is one, and appends a Set-Cookie value that makes the
 * browser forget it. */
enum ms_status
ms_sign_in_end(struct ms_page *page, const char *cookies, struct ms_buffer *cookie,
               struct ms_error *err);

/* Appends {"user": NAME, "user_id": ID}. */
enum ms_status
ms_sign_in_describe(struct ms_page *page, const char *user_id, struct ms_buffer *json,
                    struct ms_error *err);

#endif
