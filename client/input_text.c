/* SPDX-License-Identifier: MIT */
#include "input_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

static int refuse_file(const char *path, int why, struct err *err)
{
	return err_set(err,
		       why == ENOENT || why == ENOTDIR ? ERR_NOT_FOUND
		       : why == EACCES		       ? ERR_NOT_AUTHORISED
						       : ERR_FILE,
		       "cannot read \"%.300s\": %s", input_text_name(path), strerror(why));
}

const char *input_text_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* Up to `size` bytes. Not stdio: the end of a terminal's input must not stick to the questions that follow. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, bytes + len, size - len);

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return -1;
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

static int check_text(const char *path, const char *text, size_t len, struct err *err)
{
	size_t bad = utf8_first_invalid(text, len);
	const char *nul = memchr(text, '\0', len);

	if (nul)
		return err_set(err, ERR_FORMAT, "\"%.300s\" is no text: a NUL byte at byte %zu", input_text_name(path),
			       (size_t)(nul - text) + 1);
	if (bad < len)
		return err_set(err, ERR_FORMAT, "\"%.300s\" is not UTF-8: see byte %zu", input_text_name(path),
			       bad + 1);
	return 0;
}

static char *take_text(int fd, const char *path, size_t most, size_t *len, struct err *err)
{
	char *text = malloc(most + 2);
	ssize_t n = text ? read_all(fd, text, most + 1) : -1;

	if (!text)
		(void)err_set(err, ERR_INTERNAL, "out of memory");
	else if (n < 0)
		(void)refuse_file(path, errno, err);
	else if ((size_t)n > most)
		(void)err_set(err, ERR_FILE, "\"%.300s\" has more than %zu bytes", input_text_name(path), most);
	else if (check_text(path, text, (size_t)n, err) == 0) {
		size_t mark = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

		*len = (size_t)n - mark;
		memmove(text, text + mark, *len);
		text[*len] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

char *input_text_read(const char *path, size_t most, size_t *len, struct err *err)
{
	bool is_input = strcmp(path, "-") == 0;
	int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *text;

	if (fd < 0) {
		(void)refuse_file(path, errno, err);
		return NULL;
	}
	text = take_text(fd, path, most, len, err);
	if (!is_input)
		(void)close(fd);
	return text;
}
