/* The processes of this machine as a tree, read from /proc: who descends from whom.
 *
 * For ending a command with everything that it started, also what left its process group. */
#ifndef MS_LOOP_PROCESS_TREE_H
#define MS_LOOP_PROCESS_TREE_H

#include <sys/types.h>

/* Sends `signal_number` to the process `root` (0: it has ended), to the members of `session`, to all
 * their descendants, and, while we are a sub-reaper, to every child of ours: a process that supervises
 * one command has no other children than that command and its orphans. Returns how many were
 * signalled. Never signals ourselves. */
int
ms_process_tree_signal(pid_t root, pid_t session, int signal_number);

/* Sends `signal_number` to every process of this user that was started with the variable `assignment`
 * ("NAME=value") in its environment, and to their descendants: that is how what a dead parent has left
 * behind is found, wherever it went. Returns how many were signalled. Never signals ourselves. */
int
ms_process_tree_signal_variable(const char *assignment, int signal_number);

#endif
