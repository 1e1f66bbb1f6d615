/* Running a job's command again for somebody who asks at the page.
 *
 * The server knows no commands: it starts `moonshift jobs retry` of its own program on its data folder, in a session
 * of its own, and that looks for the record which the job's wrapper left in the state folder of this machine
 * and user. Whatever a client wrote into the job's data is never run. The answer waits until the new job is
 * there, or quotes why there is none. */
#ifndef MS_SERVER_RETRY_H
#define MS_SERVER_RETRY_H

struct ms_server;

enum {
  MS_RETRY_STARTING_MAX = 8,      /* at a time; more are told to wait */
  MS_RETRY_LOOK_MS = 50,          /* between looks for the new job */
  MS_RETRY_PATIENCE_MS = 60000,   /* for it */
  MS_RETRY_WORDS_MAX_BYTES = 4096 /* of what a retry that failed says */
};

/* Forgets them all: what they run goes on. */
void
ms_retries_close(struct ms_server *server);

/* Removes the record of a job that is no more. */
void
ms_retry_forget(const char *job_id);

#endif
