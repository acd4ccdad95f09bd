/* SPDX-License-Identifier: MIT
 *
 * Where the daemon's socket is: --socket, then NGMT_SOCKET, then the system's, the session's and the home folder's
 * place, whichever exists first.
 */
#ifndef NGMT_SOCKETS_H
#define NGMT_SOCKETS_H

#include <stddef.h>

#include "err.h"

/* Writes the path to `path`. `chosen` is the value of --socket or NULL. -1 with ERR_NO_DAEMON naming every path that
 * was tried if none exists, ERR_USAGE if a path does not fit. */
int sockets_find(const char *chosen, char *path, size_t size, struct err *err);

#endif
