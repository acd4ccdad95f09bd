/* SPDX-License-Identifier: MIT */
#include "witness.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PREFIX "ngmt witness 1 "
#define IDENTITY_LEN ((size_t)WITNESS_IDENTITY_MAX - 1)
#define COMMITS_LEN ((size_t)19)
/* Always as long, so that writing it over and over never needs space; and well within one sector of a disk. */
#define LINE_LEN (sizeof(PREFIX) - 1 + IDENTITY_LEN + 2 * (1 + COMMITS_LEN) + 1)

static char *path_in(const char *directory)
{
	char *path = NULL;

	return asprintf(&path, "%s/witness", directory) < 0 ? NULL : path;
}

/* 19 digits may be more than an int64_t holds: strtoll() then gives the largest. */
static int parse(const char *line, struct witness *out)
{
	const char *identity = line + sizeof(PREFIX) - 1, *commits = identity + IDENTITY_LEN + 1,
		   *base = commits + COMMITS_LEN + 1;

	if (strncmp(line, PREFIX, sizeof(PREFIX) - 1) != 0 ||
	    strspn(identity, "0123456789abcdef") != IDENTITY_LEN || identity[IDENTITY_LEN] != ' ' ||
	    strspn(commits, "0123456789") != COMMITS_LEN || commits[COMMITS_LEN] != ' ' ||
	    strspn(base, "0123456789") != COMMITS_LEN || base[COMMITS_LEN] != '\n')
		return -1;
	(void)snprintf(out->identity, sizeof(out->identity), "%.32s", identity);
	out->commits = strtoll(commits, NULL, 10);
	out->base = strtoll(base, NULL, 10);
	return 1;
}

int witness_read(const char *directory, struct witness *out)
{
	char line[LINE_LEN + 2] = "", *path = path_in(directory);
	ssize_t got = -1;
	int fd;

	*out = (struct witness){ .fd = -1 };
	if (!path)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		int result = access(path, F_OK) == 0 ? -1 : 0;

		free(path);
		return result;
	}
	free(path);
	got = read(fd, line, LINE_LEN + 1);
	(void)close(fd);
	return got == (ssize_t)LINE_LEN ? parse(line, out) : -1;
}

static int write_line(const struct witness *witness)
{
	char line[LINE_LEN + 1];

	(void)snprintf(line, sizeof(line), PREFIX "%s %019" PRId64 " %019" PRId64 "\n", witness->identity,
		       witness->commits, witness->base);
	return pwrite(witness->fd, line, LINE_LEN, 0) == (ssize_t)LINE_LEN ? 0 : -1;
}

static int sync_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;

	if (fd < 0)
		return -1;
	result = fsync(fd);
	(void)close(fd);
	return result;
}

int witness_begin(const char *directory, struct witness *witness, struct err *err)
{
	char *path = path_in(directory);

	if (!path)
		return err_set(err, ERR_INTERNAL, "out of memory");
	witness->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	if (witness->fd >= 0 && write_line(witness) == 0 && ftruncate(witness->fd, (off_t)LINE_LEN) == 0 &&
	    fsync(witness->fd) == 0 && sync_directory(directory) == 0)
		return 0;
	(void)err_set(err, ERR_LEDGER, "cannot write \"%s/witness\": %m", directory);
	return err_hint(err, "let the daemon's user write to it, and see that the disk has free space");
}

int witness_write(struct witness *witness)
{
	if (witness->fd < 0 || write_line(witness) == 0)
		return 0;
	witness_end(witness);
	return -1;
}

void witness_end(struct witness *witness)
{
	if (witness->fd >= 0)
		(void)close(witness->fd);
	witness->fd = -1;
}

int witness_invent(char identity[WITNESS_IDENTITY_MAX], struct err *err)
{
	uint8_t random[16];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_set(err, ERR_INTERNAL, "the system has no random numbers: %m");
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(identity + 2 * i, 3, "%02x", random[i]);
	return 0;
}
