/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

static int add_actions(posix_spawn_file_actions_t *actions, int fd, int write_end)
{
	/* First of all, for it may be one of those that are opened. */
	if (posix_spawn_file_actions_adddup2(actions, write_end, fd) != 0)
		return -1;
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (i != fd && posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0) != 0)
			return -1;
	return 0;
}

/* What the console ignores or catches is the program's own affair. */
static int set_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, usual;

	(void)sigemptyset(&none);
	(void)sigemptyset(&usual);
	(void)sigaddset(&usual, SIGINT);
	(void)sigaddset(&usual, SIGTERM);
	(void)sigaddset(&usual, SIGPIPE);
	if (posix_spawnattr_setsigmask(attributes, &none) != 0 ||
	    posix_spawnattr_setsigdefault(attributes, &usual) != 0)
		return -1;
	return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0 ? 0 : -1;
}

/* posix_spawnp() has no const in its argv, and changes nothing. */
static char *const *without_const(const char *const *argv)
{
	union {
		const char *const *constant;
		char *const *plain;
	} both = { .constant = argv };

	return both.plain;
}

/* 0 or an errno. */
static int spawn(const char *const *argv, int fd, int write_end, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int result = ENOMEM;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return result;
	if (posix_spawnattr_init(&attributes) == 0) {
		if (add_actions(&actions, fd, write_end) == 0 && set_signals(&attributes) == 0)
			result = posix_spawnp(pid, argv[0], &actions, &attributes, without_const(argv), environ);
		(void)posix_spawnattr_destroy(&attributes);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return result;
}

/* Whether something happened before the deadline. */
static bool wait_for(int fd, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int64_t left_ms = deadline_ms - clock_mono_ms();
		int n;

		if (left_ms <= 0)
			return false;
		n = poll(&poll_fd, 1, left_ms > 1000 ? 1000 : (int)left_ms);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return true; /* read() tells what is wrong */
	}
}

static int refuse_time(const char *name, struct err *err)
{
	return err_set(err, ERR_TIMEOUT, "\"%s\" takes too long, and was stopped", name);
}

static int collect(const char *name, int fd, size_t most, int64_t deadline_ms, struct child_result *out,
		   struct err *err)
{
	while (wait_for(fd, deadline_ms)) {
		ssize_t n = read(fd, out->output + out->len, most - out->len + 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_FILE, "cannot read what \"%s\" says: %s", name, strerror(errno));
		if (n == 0)
			return 0;
		out->len += (size_t)n;
		if (out->len > most)
			return err_set(err, ERR_FORMAT, "\"%s\" says too much: more than %zu bytes", name, most);
	}
	return refuse_time(name, err);
}

/* It has closed the pipe: its end is near, but for programs that do so early. */
static int wait_for_end(const char *name, pid_t pid, int64_t deadline_ms, struct err *err)
{
	int fd = pidfd_open(pid, 0);
	bool has_ended = fd < 0 || wait_for(fd, deadline_ms);

	if (fd >= 0)
		(void)close(fd);
	return has_ended ? 0 : refuse_time(name, err);
}

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int start(const char *const *argv, int fd, pid_t *pid, int *read_end, struct err *err)
{
	int ends[2], problem;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, ERR_INTERNAL, "cannot make a pipe: %s", strerror(errno));
	problem = spawn(argv, fd, ends[1], pid);
	(void)close(ends[1]);
	*read_end = ends[0];
	if (problem == 0)
		return 0;
	(void)close(ends[0]);
	return err_set(err, problem == ENOENT ? ERR_NOT_FOUND : ERR_FILE, "cannot run \"%s\": %s", argv[0],
		       strerror(problem));
}

int child_run(const char *const *argv, int fd, size_t most, int64_t deadline_ms, struct child_result *out,
	      struct err *err)
{
	int read_end = -1, result;
	pid_t pid = -1;

	*out = (struct child_result){ .output = calloc(1, most + 2) };
	if (!out->output)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (start(argv, fd, &pid, &read_end, err) < 0)
		return -1;
	result = collect(argv[0], read_end, most, deadline_ms, out, err);
	(void)close(read_end);
	if (result == 0)
		result = wait_for_end(argv[0], pid, deadline_ms, err);
	if (result < 0)
		(void)kill(pid, SIGKILL);
	out->status = reap(pid);
	out->output[out->len] = '\0';
	return result;
}

void child_result_finish(struct child_result *result)
{
	if (result->output)
		explicit_bzero(result->output, result->len);
	free(result->output);
	*result = (struct child_result){ 0 };
}
