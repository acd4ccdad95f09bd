/* SPDX-License-Identifier: MIT */
#include "ini_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "utf8.h"

/* Longer words are not quoted in a message: they may be a piece of a secret. */
#define QUOTABLE_MAX 40

struct reading {
	enum ini_dialect dialect;
	const struct ini_listener *listener;
	const char *at;
	const char *end;
	unsigned line;
	char section[INI_FILE_SECTION_MAX + 1];
	bool has_section;     /* a valid heading was seen */
	bool has_bad_heading; /* the last heading was unusable: its keys are passed over */
	bool has_property;    /* in this section: deeper lines belong to it */
	size_t indent;        /* of that property */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_comment(char c)
{
	return c == '#' || c == ';';
}

static bool is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_-.", text[i]))
			return false;
	return len > 0;
}

int ini_check_text(const char *text, size_t len, struct err *err)
{
	size_t bad = utf8_first_invalid(text, len);

	for (size_t i = 0; i < bad; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\0')
			return err_set(err, ERR_FORMAT, "a NUL byte at byte %zu", i + 1);
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return err_set(err, ERR_FORMAT, "a control character at byte %zu", i + 1);
	}
	if (bad < len)
		return err_set(err, ERR_FORMAT, "invalid UTF-8 at byte %zu", bad + 1);
	return 0;
}

static void complain(struct reading *reading, const struct err *problem)
{
	reading->listener->on_problem(reading->listener->arg, reading->line, problem);
}

static int check_line(const char *line, size_t len, struct err *err)
{
	if (len > INI_FILE_LINE_MAX)
		return err_set(err, ERR_FORMAT, "the line has more than %d bytes", INI_FILE_LINE_MAX);
	return ini_check_text(line, len, err);
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && is_blank(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && is_blank((*text)[*len - 1]))
		(*len)--;
}

/* `close`: where the "]" stands, `len` if nowhere. */
static int check_heading(const struct reading *reading, size_t len, size_t close, struct err *err)
{
	size_t rest = close + 1;

	if (close == len)
		return err_set(err, ERR_FORMAT, "a heading without \"]\"");
	if (reading->dialect == INI_DIALECT_NGMT && rest < len) {
		(void)err_set(err, ERR_FORMAT, "text after the \"]\" of a heading");
		return err_hint(err, "comments stand on lines of their own");
	}
	if (close - 1 > INI_FILE_SECTION_MAX)
		return err_set(err, ERR_FORMAT, "a heading with more than %d bytes", INI_FILE_SECTION_MAX);
	return 0;
}

static void read_heading(struct reading *reading, const char *text, size_t len)
{
	const char *bracket = memchr(text, ']', len), *name = text + 1;
	size_t close = bracket ? (size_t)(bracket - text) : len;
	struct ini_entry entry = { .section = reading->section, .line = reading->line };
	struct err problem;
	size_t name_len;

	reading->has_section = true;
	reading->has_property = false;
	reading->has_bad_heading = check_heading(reading, len, close, &problem) < 0;
	if (reading->has_bad_heading) {
		if (reading->dialect == INI_DIALECT_NGMT)
			complain(reading, &problem);
		return;
	}
	name_len = close - 1;
	trim(&name, &name_len);
	memcpy(reading->section, name, name_len);
	reading->section[name_len] = '\0';
	reading->listener->on_entry(reading->listener->arg, &entry);
}

/* `text` is trimmed and not empty; `key_len` is what stands before the first "=". */
static int check_property(const struct reading *reading, const char *text, size_t len, size_t key_len, struct err *err)
{
	if (key_len == len) {
		(void)err_set(err, ERR_FORMAT, "a line without \"=\"");
		return err_hint(err, "write \"key = value\", and comments after \"#\"");
	}
	while (key_len > 0 && is_blank(text[key_len - 1]))
		key_len--;
	if (key_len == 0)
		return err_set(err, ERR_FORMAT, "no key before the \"=\"");
	if (!is_name(text, key_len))
		return err_set(err, ERR_FORMAT, "what stands before the \"=\" is not a key");
	if (!reading->has_section) {
		if (key_len > QUOTABLE_MAX)
			return err_set(err, ERR_FORMAT, "a key before the first heading");
		return err_set(err, ERR_FORMAT, "\"%.*s\" stands before the first heading", (int)key_len, text);
	}
	return 0;
}

/* Where a value ends that may be followed by a comment. */
static size_t without_comment(const char *text, size_t from, size_t len)
{
	for (size_t i = from; i < len; i++)
		if (is_comment(text[i]) && i > from && is_blank(text[i - 1]))
			return i;
	return len;
}

/* Returns how much of the line inih shall see; 0: nothing. */
static size_t read_property(struct reading *reading, const char *text, size_t len, size_t indent)
{
	const char *equals = memchr(text, '=', len);
	size_t key_len = equals ? (size_t)(equals - text) : len;
	struct err problem;

	if (reading->has_bad_heading)
		return 0;
	if (check_property(reading, text, len, key_len, &problem) < 0) {
		if (reading->dialect == INI_DIALECT_NGMT)
			complain(reading, &problem);
		return 0;
	}
	reading->has_property = true;
	reading->indent = indent;
	return reading->dialect == INI_DIALECT_AWS ? without_comment(text, key_len + 1, len) : len;
}

static bool is_nested(const struct reading *reading, size_t indent)
{
	return reading->dialect == INI_DIALECT_AWS && reading->has_property && indent > reading->indent;
}

/* Judges one line. Returns what of it inih shall see, in *text. */
static size_t read_line(struct reading *reading, const char *line, size_t len, const char **text)
{
	struct err problem;
	size_t trimmed = len;

	*text = line;
	if (check_line(line, len, &problem) < 0) {
		complain(reading, &problem);
		return 0;
	}
	trim(text, &trimmed);
	if (trimmed == 0 || is_comment(**text))
		return 0;
	if (is_nested(reading, (size_t)(*text - line)))
		return 0;
	if (**text == '[') {
		read_heading(reading, *text, trimmed);
		return 0;
	}
	return read_property(reading, *text, trimmed, (size_t)(*text - line));
}

/* inih's fgets(). One call is one line, since the buffer has room for the longest; so inih never grows it. */
static char *next_line(char *buffer, int size, void *arg)
{
	struct reading *reading = arg;
	const char *line = reading->at, *newline, *text;
	size_t len, seen;

	if (line == reading->end) {
		/* inih frees its buffer as it is: the last chance to wipe what stood there. Not by digest_forget(): the
		 * client reads HIT files, and must start without libcrypto. */
		explicit_bzero(buffer, (size_t)size);
		return NULL;
	}
	newline = memchr(line, '\n', (size_t)(reading->end - line));
	len = (size_t)((newline ? newline : reading->end) - line);
	reading->at = newline ? newline + 1 : reading->end;
	reading->line++;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	seen = read_line(reading, line, len, &text);
	memcpy(buffer, text, seen);
	buffer[seen] = '\n';
	buffer[seen + 1] = '\0';
	return buffer;
}

static int on_ini(void *arg, const char *section, const char *name, const char *value)
{
	struct reading *reading = arg;
	struct ini_entry entry = { reading->section, name, value, reading->line };

	(void)section; /* cut after 49 bytes */
	reading->listener->on_entry(reading->listener->arg, &entry);
	return 1;
}

/* Debian builds inih's limits as globals, and nothing says who set them last. With a growing buffer off and a maximum
 * above the initial size inih writes beyond its buffer: both are therefore the same. */
static void set_up_inih(void)
{
	static char no_inline_comments[] = "", comments[] = ";#";

	ini_use_stack = false;
	ini_allow_realloc = true;
	ini_max_line = INI_FILE_LINE_MAX + 3;
	ini_initial_alloc = INI_FILE_LINE_MAX + 3;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_inline_comment_prefixes = no_inline_comments;
	ini_start_comment_prefixes = comments;
	ini_allow_no_value = false;
	ini_allow_bom = false;
	ini_stop_on_first_error = false;
}

int ini_text_read(const char *bytes, size_t len, enum ini_dialect dialect, const struct ini_listener *listener,
		  struct err *err)
{
	struct reading reading = { .dialect = dialect, .listener = listener, .at = bytes, .end = bytes + len };

	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		reading.at += 3;
	set_up_inih();
	if (ini_parse_stream(next_line, &reading, on_ini, &reading) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	return 0;
}

static int open_file(const char *path, struct stat *status, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int why = errno;

	if (fd < 0)
		return err_set(err,
			       why == ENOENT || why == ENOTDIR ? ERR_NOT_FOUND
			       : why == EACCES                 ? ERR_NOT_AUTHORISED
							       : ERR_FILE,
			       "cannot read \"%s\": %s", path, strerror(why));
	if (fstat(fd, status) < 0)
		(void)err_set(err, ERR_FILE, "cannot read \"%s\": %s", path, strerror(errno));
	else if (S_ISDIR(status->st_mode))
		(void)err_set(err, ERR_FILE, "\"%s\" is a directory, not a file", path);
	else if (!S_ISREG(status->st_mode))
		(void)err_set(err, ERR_FILE, "\"%s\" is not a regular file", path);
	else if (status->st_size > INI_FILE_BYTES_MAX)
		(void)err_set(err, ERR_FILE, "\"%s\" has more than %d bytes", path, INI_FILE_BYTES_MAX);
	else
		return fd;
	(void)close(fd);
	return -1;
}

/* Up to `size` bytes; the file may be shorter than fstat() said a moment ago. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, bytes + len, size - len);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

int ini_file_read(const char *path, enum ini_dialect dialect, const struct ini_listener *listener, unsigned *mode,
		  struct err *err)
{
	struct stat status = { 0 };
	char *bytes;
	size_t size;
	ssize_t len;
	int result, fd = open_file(path, &status, err);

	if (fd < 0)
		return -1;
	size = (size_t)status.st_size;
	bytes = malloc(size + 1);
	len = bytes ? read_all(fd, bytes, size) : -1;
	if (!bytes)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	else if (len < 0)
		result = err_set(err, ERR_FILE, "cannot read \"%s\": %s", path, strerror(errno));
	else
		result = ini_text_read(bytes, (size_t)len, dialect, listener, err);
	if (mode)
		*mode = status.st_mode & 07777U;
	if (bytes)
		explicit_bzero(bytes, size + 1);
	free(bytes);
	(void)close(fd);
	return result;
}
