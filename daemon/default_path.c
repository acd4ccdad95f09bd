/* SPDX-License-Identifier: MIT */
#include "default_path.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* XDG: relative paths in these variables are to be ignored. */
static const char *absolute_env(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

static char *join(const char *folder, size_t len, const char *rest)
{
	char *path = NULL;

	return asprintf(&path, "%.*s%s", (int)len, folder, rest) < 0 ? NULL : path;
}

/* systemd gives several folders with ":" between them; ours is the first. */
static char *first_of(const char *folders, const char *rest)
{
	return join(folders, strcspn(folders, ":"), rest);
}

char *default_path_home(void)
{
	const char *home = absolute_env("HOME");
	const struct passwd *user = home ? NULL : getpwuid(geteuid());

	if (user && user->pw_dir && user->pw_dir[0] == '/')
		home = user->pw_dir;
	return home ? strdup(home) : NULL;
}

char *default_path_state(bool is_root, const char **origin)
{
	const char *folder = absolute_env("STATE_DIRECTORY");
	char *home, *path;

	if (folder) {
		*origin = "environment variable STATE_DIRECTORY";
		return first_of(folder, "");
	}
	*origin = "default";
	if (is_root)
		return strdup("/var/lib/ngmt");
	folder = absolute_env("XDG_STATE_HOME");
	if (folder) {
		*origin = "environment variable XDG_STATE_HOME";
		return join(folder, strlen(folder), "/ngmt");
	}
	home = default_path_home();
	path = home ? join(home, strlen(home), "/.local/state/ngmt") : NULL;
	free(home);
	return path;
}

char *default_path_socket(bool is_root, const char *state, const char **origin)
{
	const char *folder = absolute_env("RUNTIME_DIRECTORY");

	if (folder) {
		*origin = "environment variable RUNTIME_DIRECTORY";
		return first_of(folder, "/ngmtd.sock");
	}
	*origin = "default";
	if (is_root)
		return strdup("/run/ngmt/ngmtd.sock");
	folder = absolute_env("XDG_RUNTIME_DIR");
	if (folder) {
		*origin = "environment variable XDG_RUNTIME_DIR";
		return join(folder, strlen(folder), "/ngmt/ngmtd.sock");
	}
	return state ? join(state, strlen(state), "/ngmtd.sock") : NULL;
}
