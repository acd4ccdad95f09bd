/* SPDX-License-Identifier: MIT */
#include "history.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "utf8.h"

#define KEY_ID_BYTES 20
#define SECRET_BYTES 40
#define FILE_NAME "history"
#define NEW_NAME "history.new"

/* --- what is kept --- */

static bool has_key_id(const char *line)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	for (; *line; line++)
		if ((strncmp(line, "AKIA", 4) == 0 || strncmp(line, "ASIA", 4) == 0) &&
		    strspn(line, letters) >= KEY_ID_BYTES)
			return true;
	return false;
}

static bool has_secret(const char *line)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+=";
	const char *at = strcasestr(line, "secret");

	while (at && *at) {
		size_t len = strspn(at, letters);

		if (len >= SECRET_BYTES)
			return true;
		at += len + (at[len] != '\0');
	}
	return false;
}

static bool is_printable(const char *line)
{
	char *clean = utf8_printable(line);
	bool is_same = clean && strcmp(clean, line) == 0;

	free(clean);
	return is_same;
}

bool history_keeps(const char *line, const char *previous)
{
	return line[0] && !isspace((unsigned char)line[0]) && strlen(line) < HISTORY_LINE_BYTES &&
	       !(previous && strcmp(previous, line) == 0) && is_printable(line) && !has_key_id(line) &&
	       !has_secret(line);
}

/* --- where --- */

static int make_folder(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -1;
}

static int make_below(const char *base, const char *const *names, char path[PATH_MAX])
{
	size_t len = (size_t)snprintf(path, PATH_MAX, "%s", base);

	if (len >= PATH_MAX)
		return -1;
	for (size_t i = 0; names[i]; i++) {
		len += (size_t)snprintf(path + len, PATH_MAX - len, "/%s", names[i]);
		if (len >= PATH_MAX || make_folder(path) < 0)
			return -1;
	}
	return 0;
}

/* Opens the folder, made if need be; -1: there is none. */
static int open_folder(void)
{
	static const char *const below_state[] = { "ngmt", NULL };
	static const char *const below_home[] = { ".local", "state", "ngmt", NULL };
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char path[PATH_MAX];
	struct stat status;
	int folder;

	if (state && state[0] == '/') {
		(void)make_folder(state);
		if (make_below(state, below_state, path) < 0)
			return -1;
	} else if (!home || home[0] != '/' || make_below(home, below_home, path) < 0) {
		return -1;
	}
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Under sudo the home may be somebody else's, who could then not write there any more. */
	if (folder >= 0 && (fstat(folder, &status) < 0 || status.st_uid != geteuid())) {
		(void)close(folder);
		return -1;
	}
	return folder;
}

/* --- the lines --- */

struct lines {
	char *lines[HISTORY_LINES_MAX]; /* a ring: the oldest is at `first` */
	size_t first;
	size_t count;
};

static const char *lines_at(const struct lines *lines, size_t i)
{
	return lines->lines[(lines->first + i) % HISTORY_LINES_MAX];
}

static void lines_add(struct lines *lines, const char *line)
{
	char *copy;
	size_t at;

	if (!history_keeps(line, lines->count ? lines_at(lines, lines->count - 1) : NULL))
		return;
	copy = strdup(line);
	if (!copy)
		return;
	at = (lines->first + lines->count) % HISTORY_LINES_MAX;
	if (lines->count == HISTORY_LINES_MAX) {
		free(lines->lines[at]);
		lines->first = (lines->first + 1) % HISTORY_LINES_MAX;
	} else {
		lines->count++;
	}
	lines->lines[at] = copy;
}

static void lines_free(struct lines *lines)
{
	for (size_t i = 0; i < HISTORY_LINES_MAX; i++)
		free(lines->lines[i]);
	free(lines);
}

static void lines_read(struct lines *lines, int folder)
{
	int fd = openat(folder, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
	char line[HISTORY_LINE_BYTES + 1];
	bool is_rest = false;

	if (!in && fd >= 0)
		(void)close(fd);
	while (in && fgets(line, sizeof(line), in)) {
		size_t len = strcspn(line, "\n");
		bool is_whole = line[len] == '\n' || feof(in);

		line[len] = '\0';
		if (is_whole && !is_rest)
			lines_add(lines, line);
		is_rest = !is_whole;
	}
	if (in)
		(void)fclose(in);
}

/* A reader sees the old file or the new one, never half of it. */
static void lines_write(const struct lines *lines, int folder)
{
	int fd = openat(folder, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	bool is_written = out && fchmod(fd, 0600) == 0;

	if (!out && fd >= 0)
		(void)close(fd);
	for (size_t i = 0; is_written && i < lines->count; i++)
		is_written = fprintf(out, "%s\n", lines_at(lines, i)) > 0;
	if (out && fclose(out) != 0)
		is_written = false;
	if (!is_written || renameat(folder, NEW_NAME, folder, FILE_NAME) < 0)
		(void)unlinkat(folder, NEW_NAME, 0);
}

void history_read(void (*fn)(const char *line, void *arg), void *arg)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	int folder = lines ? open_folder() : -1;

	if (folder >= 0)
		lines_read(lines, folder);
	for (size_t i = 0; lines && i < lines->count; i++)
		fn(lines_at(lines, i), arg);
	if (folder >= 0)
		(void)close(folder);
	if (lines)
		lines_free(lines);
}

void history_add(const char *line)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	int folder = lines ? open_folder() : -1;

	if (folder >= 0 && flock(folder, LOCK_EX) == 0) {
		lines_read(lines, folder);
		lines_add(lines, line);
		lines_write(lines, folder);
	}
	if (folder >= 0)
		(void)close(folder);
	if (lines)
		lines_free(lines);
}
