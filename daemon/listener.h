/* SPDX-License-Identifier: MIT
 *
 * The Unix socket that the daemon listens on, and what the kernel says about who connects.
 */
#ifndef NGMT_LISTENER_H
#define NGMT_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

/* Binds and listens; makes the folder if it is missing. Anybody may connect (mode 0666): what a peer may do is decided
 * by its credentials. Returns the descriptor, or -1. */
int listener_open(const char *path, struct err *err);

struct peer_credentials {
	uid_t uid;
	pid_t pid;
	char user[64];  /* name, else the number */
	bool may_look;
	bool may_change;
};

/* By SO_PEERCRED and SO_PEERGROUPS. Root and the daemon's own user may do everything; -1 if the kernel does not
 * tell. */
int listener_identify(int fd, const char *read_group, const char *pay_group, struct peer_credentials *out);

#endif
