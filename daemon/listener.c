/* SPDX-License-Identifier: MIT */
#include "listener.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64
#define NAME_BUFFER 16384

static int fill_address(const char *path, struct sockaddr_un *address, struct err *err)
{
	size_t length = strlen(path);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (length >= sizeof(address->sun_path))
		return err_set(err, ERR_CONFIG, "the path of the socket has %zu characters, %zu is the most", length,
			       sizeof(address->sun_path) - 1);
	memcpy(address->sun_path, path, length + 1);
	return 0;
}

static int make_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;
	int result = 0;

	/* The umask would keep out those who may use the socket. */
	if (folder && mkdir(folder, 0755) == 0)
		(void)chmod(folder, 0755);
	else if (folder && errno != EEXIST) {
		result = err_set(err, ERR_CONFIG, "cannot make the folder \"%s\" of the socket: %m", folder);
		(void)err_hint(err, "set [control] socket to a place where the daemon's user may write");
	}
	free(folder);
	return result;
}

/* Removes what is left of a daemon that is gone; refuses if one answers. */
static int remove_stale(const struct sockaddr_un *address, struct err *err)
{
	struct stat status;
	int fd, answered;

	if (lstat(address->sun_path, &status) < 0)
		return 0;
	if (!S_ISSOCK(status.st_mode))
		return err_set(err, ERR_CONFIG, "\"%s\" exists and is not a socket", address->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, ERR_INTERNAL, "cannot make a socket: %m");
	answered = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN;
	(void)close(fd);
	if (answered) {
		(void)err_set(err, ERR_STATE, "another ngmtd listens on \"%s\"", address->sun_path);
		return err_hint(err, "stop it, or give this one its own [control] socket");
	}
	if (unlink(address->sun_path) < 0)
		return err_set(err, ERR_CONFIG, "cannot replace \"%s\": %m", address->sun_path);
	return 0;
}

int listener_open(const char *path, struct err *err)
{
	struct sockaddr_un address;
	int fd;

	if (fill_address(path, &address, err) < 0 || make_folder(path, err) < 0 || remove_stale(&address, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 && chmod(path, 0666) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	(void)err_set(err, ERR_CONFIG, "cannot listen on \"%s\": %m", path);
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static bool has_group(const gid_t *groups, size_t count, gid_t primary, const char *name)
{
	char buffer[NAME_BUFFER];
	struct group entry, *found = NULL;

	if (!name || getgrnam_r(name, &entry, buffer, sizeof(buffer), &found) != 0 || !found)
		return false;
	if (primary == entry.gr_gid)
		return true;
	for (size_t i = 0; i < count; i++)
		if (groups[i] == entry.gr_gid)
			return true;
	return false;
}

static void name_user(uid_t uid, char out[64])
{
	char buffer[NAME_BUFFER];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 && found)
		(void)snprintf(out, 64, "%s", entry.pw_name);
	else
		(void)snprintf(out, 64, "%u", (unsigned)uid);
}

int listener_identify(int fd, const char *read_group, const char *pay_group, struct peer_credentials *out)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	gid_t groups[1024];
	socklen_t groups_size = sizeof(groups);
	size_t count;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || size != sizeof(peer))
		return -1;
	/* A peer in more groups than fit is judged by its primary one alone: less right, never more. */
	count = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_size) == 0 ? groups_size / sizeof(groups[0])
										     : 0;
	out->uid = peer.uid;
	out->pid = peer.pid;
	name_user(peer.uid, out->user);
	out->may_change = peer.uid == 0 || peer.uid == geteuid() || has_group(groups, count, peer.gid, pay_group);
	out->may_look = out->may_change || has_group(groups, count, peer.gid, read_group);
	return 0;
}
