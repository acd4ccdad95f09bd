/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "listener.h"
#include "scratch.h"

#define NOBODY 65534 /* and the number of "nogroup" on Debian */

static int set_up(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	assert_non_null(scratch);
	scratch_make(scratch);
	(void)snprintf(scratch->path, sizeof(scratch->path), "%s/run/ngmtd.sock", scratch->folder);
	*state = scratch;
	return 0;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int must_open(const char *path)
{
	struct err err;
	int fd = listener_open(path, &err);

	if (fd < 0)
		fail_msg("%s", err.message);
	return fd;
}

static void test_open(void **state)
{
	struct scratch *scratch = *state;
	int fd = must_open(scratch->path), client = connect_to(scratch->path);
	struct stat status;

	assert_true(client >= 0);
	assert_int_equal(stat(scratch->path, &status), 0);
	/* Who may do what is decided by credentials. */
	assert_int_equal(status.st_mode & 0777, 0666);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	(void)close(client);
	(void)close(fd);
}

static void test_stale(void **state)
{
	struct scratch *scratch = *state;
	struct err err;
	int fd = must_open(scratch->path), client;

	assert_int_equal(listener_open(scratch->path, &err), -1);
	assert_int_equal(err.code, ERR_STATE);
	assert_non_null(strstr(err.message, "another ngmtd listens"));
	assert_true(err.hint[0] != '\0');
	/* The other one was not disturbed. */
	client = connect_to(scratch->path);
	assert_true(client >= 0);
	(void)close(client);
	(void)close(fd);
	/* It died: what is left is replaced. */
	fd = must_open(scratch->path);
	client = connect_to(scratch->path);
	assert_true(client >= 0);
	(void)close(client);
	(void)close(fd);
}

static void test_refused(void **state)
{
	struct scratch *scratch = *state;
	char path[300];
	struct err err;
	struct stat status;

	(void)scratch_write(scratch, "file", "precious");
	assert_int_equal(listener_open(scratch->path, &err), -1);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_non_null(strstr(err.message, "is not a socket"));
	assert_int_equal(stat(scratch->path, &status), 0);
	assert_int_equal(status.st_size, 8);
	(void)snprintf(path, sizeof(path), "%s/missing/run/ngmtd.sock", scratch->folder);
	assert_int_equal(listener_open(path, &err), -1);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_true(err.hint[0] != '\0');
	/* 107 bytes are all that the kernel takes. */
	(void)snprintf(path, sizeof(path), "/tmp/%0120d", 1);
	assert_int_equal(listener_open(path, &err), -1);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_non_null(strstr(err.message, "107"));
	/* A link is not followed to somebody else's socket. */
	(void)snprintf(path, sizeof(path), "%s/link", scratch->folder);
	assert_int_equal(symlink("/dev/log", path), 0);
	assert_int_equal(listener_open(path, &err), -1);
	assert_int_equal(err.code, ERR_CONFIG);
}

static struct peer_credentials identify(const char *path, int listening, uid_t uid, gid_t gid, const char *read_group,
					const char *pay_group)
{
	struct peer_credentials out = { .uid = 12345 };
	int client, accepted;

	if (gid)
		assert_int_equal(setegid(gid), 0);
	if (uid)
		assert_int_equal(seteuid(uid), 0);
	client = connect_to(path);
	if (uid)
		assert_int_equal(seteuid(0), 0);
	if (gid)
		assert_int_equal(setegid(0), 0);
	assert_true(client >= 0);
	accepted = accept(listening, NULL, NULL);
	assert_true(accepted >= 0);
	assert_int_equal(listener_identify(accepted, read_group, pay_group, &out), 0);
	(void)close(accepted);
	(void)close(client);
	return out;
}

static void test_own_user(void **state)
{
	struct scratch *scratch = *state;
	int fd = must_open(scratch->path);
	struct peer_credentials who = identify(scratch->path, fd, 0, 0, NULL, NULL);

	assert_int_equal(who.uid, geteuid());
	assert_int_equal(who.pid, getpid());
	assert_true(who.may_look && who.may_change);
	assert_true(who.user[0] != '\0');
	(void)close(fd);
}

static void test_others(void **state)
{
	static const struct {
		uid_t uid;
		gid_t gid;
		const char *read_group, *pay_group;
		bool may_look, may_change;
	} cases[] = {
		{ NOBODY, NOBODY, "ngmt-no-such", "ngmt-no-such", false, false },
		{ NOBODY, NOBODY, NULL, NULL, false, false },
		{ NOBODY, NOBODY, "nogroup", "ngmt-no-such", true, false },
		/* Who may change may look. */
		{ NOBODY, NOBODY, "ngmt-no-such", "nogroup", true, true },
		{ 54321, 54321, "nogroup", "nogroup", false, false },
		{ 54321, NOBODY, "nogroup", "ngmt-no-such", true, false },
	};
	struct scratch *scratch = *state;
	int fd;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(scratch->folder, 0755), 0);
	fd = must_open(scratch->path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer_credentials who = identify(scratch->path, fd, cases[i].uid, cases[i].gid,
						       cases[i].read_group, cases[i].pay_group);

		assert_int_equal(who.uid, cases[i].uid);
		if (who.may_look != cases[i].may_look || who.may_change != cases[i].may_change)
			fail_msg("case %zu: look %d, change %d", i, who.may_look, who.may_change);
		/* A user without a name is a number. */
		if (cases[i].uid == 54321)
			assert_string_equal(who.user, "54321");
	}
	(void)close(fd);
}

static void test_no_peer(void **state)
{
	struct peer_credentials who;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(listener_identify(fds[0], "nogroup", "nogroup", &who), -1);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_open),     TEST(test_stale),  TEST(test_refused),
		TEST(test_own_user), TEST(test_others), cmocka_unit_test(test_no_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
