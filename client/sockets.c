/* SPDX-License-Identifier: MIT */
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEM_SOCKET "/run/ngmt/ngmtd.sock"
#define TRIED_MAX 3

static int take(const char *from, char *path, size_t size, struct err *err)
{
	int n = snprintf(path, size, "%s", from);

	if (n < 0 || (size_t)n >= size)
		return err_set(err, ERR_USAGE, "the socket's path is too long");
	return 0;
}

/* EACCES counts as existing: connecting then says what is wrong. */
static int may_exist(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 || errno == EACCES;
}

static size_t list_places(char places[TRIED_MAX][4096])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
	size_t n = 0;

	(void)snprintf(places[n++], sizeof(places[0]), "%s", SYSTEM_SOCKET);
	if (runtime && runtime[0] == '/')
		(void)snprintf(places[n++], sizeof(places[0]), "%s/ngmt/ngmtd.sock", runtime);
	if (home && home[0] == '/')
		(void)snprintf(places[n++], sizeof(places[0]), "%s/.local/state/ngmt/ngmtd.sock", home);
	return n;
}

int sockets_find(const char *chosen, char *path, size_t size, struct err *err)
{
	char places[TRIED_MAX][4096];
	const char *named = chosen ? chosen : getenv("NGMT_SOCKET");
	char tried[TRIED_MAX * 4100] = "";
	size_t n;

	if (named && named[0])
		return take(named, path, size, err);
	n = list_places(places);
	for (size_t i = 0; i < n; i++) {
		size_t at = strlen(tried);

		if (may_exist(places[i]))
			return take(places[i], path, size, err);
		(void)snprintf(tried + at, sizeof(tried) - at, "%s%s", at ? ", " : "", places[i]);
	}
	(void)err_set(err, ERR_NO_DAEMON, "no daemon is running: tried %s", tried);
	return err_hint(err, "start ngmtd (systemctl start ngmtd, or ngmtd --config FILE), or name its socket with "
			     "--socket or NGMT_SOCKET");
}
