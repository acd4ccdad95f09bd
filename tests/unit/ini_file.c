/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ini_file.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void dump_entry(void *arg, const struct ini_entry *entry)
{
	if (entry->key)
		(void)fprintf(arg, "%u %s.%s=%s|", entry->line, entry->section, entry->key, entry->value);
	else
		(void)fprintf(arg, "%u [%s]|", entry->line, entry->section);
}

static void dump_problem(void *arg, unsigned line, const struct err *problem)
{
	assert_int_equal(problem->code, ERR_FORMAT);
	(void)fprintf(arg, "%u! %s|", line, problem->message);
}

/* What the reader makes of some bytes, in one line of text. The caller frees. */
static char *dump(enum ini_dialect dialect, const char *bytes, size_t len)
{
	struct scratch scratch;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct ini_listener listener = { dump_entry, dump_problem, out };
	struct err err;
	int result;

	assert_non_null(out);
	scratch_make(&scratch);
	result = ini_file_read(scratch_write_bytes(&scratch, "x.ini", bytes, len), dialect, &listener, NULL, &err);
	assert_int_equal(result, 0);
	assert_int_equal(fclose(out), 0);
	scratch_remove(&scratch);
	return text;
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	enum ini_dialect dialect;
	const char *bytes;
	size_t len;
	const char *expected;
} cases[] = {
	{ INI_DIALECT_NGMT, BYTES(""), "" },
	{ INI_DIALECT_NGMT, BYTES("\n\n  \n# a\n; b\n"), "" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk = v\n"), "1 [a]|2 a.k=v|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\r\nk = v\r\n"), "1 [a]|2 a.k=v|" },
	{ INI_DIALECT_NGMT, BYTES("\xef\xbb\xbf[a]\nk=v"), "1 [a]|2 a.k=v|" },
	{ INI_DIALECT_NGMT, BYTES("\n[ a ]\n\n\t k\t=\t v w \t\n"), "2 [a]|4 a.k=v w|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk =\n"), "1 [a]|2 a.k=|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk = a=b==\n"), "1 [a]|2 a.k=a=b==|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk = https://h:1/\n"), "1 [a]|2 a.k=https://h:1/|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk = gr\xc3\xbc\xc3\x9f\n"), "1 [a]|2 a.k=gr\xc3\xbc\xc3\x9f|" },
	/* no comments after values, no joined lines */
	{ INI_DIALECT_NGMT, BYTES("[a]\nk = v ; c # d\n"), "1 [a]|2 a.k=v ; c # d|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk = v\n  l = w\n"), "1 [a]|2 a.k=v|3 a.l=w|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk = v\n  joined\n"), "1 [a]|2 a.k=v|3! a line without \"=\"|" },
	/* inih cuts section names after 49 bytes */
	{ INI_DIALECT_NGMT, BYTES("[a23456789012345678901234567890123456789012345678901234567890]\nk=v\n"),
	  "1 [a23456789012345678901234567890123456789012345678901234567890]|"
	  "2 a23456789012345678901234567890123456789012345678901234567890.k=v|" },
	/* inih takes ":" for "=" */
	{ INI_DIALECT_NGMT, BYTES("[a]\nk: v\n"), "1 [a]|2! a line without \"=\"|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk: v = w\n"), "1 [a]|2! what stands before the \"=\" is not a key|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\n= v\n"), "1 [a]|2! no key before the \"=\"|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk l = v\n"), "1 [a]|2! what stands before the \"=\" is not a key|" },
	{ INI_DIALECT_NGMT, BYTES("k = v\n"), "1! \"k\" stands before the first heading|" },
	{ INI_DIALECT_NGMT, BYTES("k23456789012345678901234567890123456789012345 = v\n"),
	  "1! a key before the first heading|" },
	/* a bad heading is one problem: its keys are passed over */
	{ INI_DIALECT_NGMT, BYTES("[a\nk=v\n[b]\nk=v\n"), "1! a heading without \"]\"|3 [b]|4 b.k=v|" },
	{ INI_DIALECT_NGMT, BYTES("[a] # c\nk=v\n"), "1! text after the \"]\" of a heading|" },
	{ INI_DIALECT_NGMT, BYTES("[]\nk=v\n"), "1 []|2 .k=v|" },
	/* foreign bytes */
	{ INI_DIALECT_NGMT, BYTES("[a]\nk=v\0w\nl=x\n"), "1 [a]|2! a NUL byte at byte 4|3 a.l=x|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk=\xff\nl=x\n"), "1 [a]|2! invalid UTF-8 at byte 3|3 a.l=x|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk=\xc0\x80\n"), "1 [a]|2! invalid UTF-8 at byte 3|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk=a\rb\n"), "1 [a]|2! a control character at byte 4|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\nk=\x1b[0m\n"), "1 [a]|2! a control character at byte 3|" },
	{ INI_DIALECT_NGMT, BYTES("[a]\n# \0\n"), "1 [a]|2! a NUL byte at byte 3|" },
	/* AWS's files */
	{ INI_DIALECT_AWS, BYTES("[default]\naws_secret_access_key = a/b+c=\n"),
	  "1 [default]|2 default.aws_secret_access_key=a/b+c=|" },
	{ INI_DIALECT_AWS, BYTES("[d]\nk = v # c\nl = v\t; c\nm = v#c;d\n"), "1 [d]|2 d.k=v|3 d.l=v|4 d.m=v#c;d|" },
	{ INI_DIALECT_AWS, BYTES("[d]\nk = # c\nl =#x\n"), "1 [d]|2 d.k=|3 d.l=#x|" },
	{ INI_DIALECT_AWS, BYTES("[d] # c\nk = v\n"), "1 [d]|2 d.k=v|" },
	{ INI_DIALECT_AWS, BYTES("[d]\ns3 =\n  k = nested\n\tl = nested\nm = v\n"), "1 [d]|2 d.s3=|5 d.m=v|" },
	{ INI_DIALECT_AWS, BYTES("[d]\n  k = v\n  l = w\n    m = nested\n"), "1 [d]|2 d.k=v|3 d.l=w|" },
	{ INI_DIALECT_AWS, BYTES("[d]\nk = v\n  [nested]\nl = w\n"), "1 [d]|2 d.k=v|4 d.l=w|" },
	{ INI_DIALECT_AWS, BYTES("[d]\ns3 =\n  k = x\n[e]\n  k = v\n"), "1 [d]|2 d.s3=|4 [e]|5 e.k=v|" },
	{ INI_DIALECT_AWS, BYTES("k = v\nrubbish\n[d\nk = v\n[e]\nrubbish\nk: v = w\nl = x\n"), "5 [e]|8 e.l=x|" },
	{ INI_DIALECT_AWS, BYTES("[d]\nk = v\0\n"), "1 [d]|2! a NUL byte at byte 6|" },
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = dump(cases[i].dialect, cases[i].bytes, cases[i].len);

		if (strcmp(text, cases[i].expected) != 0)
			print_error("case %zu\n", i);
		assert_string_equal(text, cases[i].expected);
		free(text);
	}
}

/* "[a]\nk=vvv…\nl=w\n" with a first value such that the line has `length` bytes. */
static char *dump_long_line(size_t length)
{
	char *bytes = malloc(length + 16), *text;
	size_t len;

	assert_non_null(bytes);
	memcpy(bytes, "[a]\nk=", 6);
	memset(bytes + 6, 'v', length - 2);
	len = 4 + length;
	memcpy(bytes + len, "\nl=w\n", 5);
	text = dump(INI_DIALECT_NGMT, bytes, len + 5);
	free(bytes);
	return text;
}

/* inih cuts after 200 bytes and takes the rest for a line of its own. */
static void test_longest_line_is_whole(void **state)
{
	static const size_t lengths[] = { 190, 198, 199, 200, 201, 202, 400, 65532, INI_FILE_LINE_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		char *text = dump_long_line(lengths[i]);

		assert_memory_equal(text, "1 [a]|2 a.k=v", 13);
		assert_int_equal(strspn(text + 12, "v"), lengths[i] - 2);
		assert_string_equal(text + 12 + lengths[i] - 2, "|3 a.l=w|");
		free(text);
	}
}

static void test_too_long_line_is_refused(void **state)
{
	char *text = dump_long_line(INI_FILE_LINE_MAX + 1);

	(void)state;
	assert_string_equal(text, "1 [a]|2! the line has more than 65533 bytes|3 a.l=w|");
	free(text);
}

static void test_too_long_heading_is_refused(void **state)
{
	char bytes[INI_FILE_SECTION_MAX + 8], *text;

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	bytes[0] = '[';
	bytes[INI_FILE_SECTION_MAX + 1] = ']';
	text = dump(INI_DIALECT_NGMT, bytes, INI_FILE_SECTION_MAX + 2);
	assert_int_equal(strlen(text), INI_FILE_SECTION_MAX + 5);
	free(text);
	bytes[INI_FILE_SECTION_MAX + 1] = 'a';
	bytes[INI_FILE_SECTION_MAX + 2] = ']';
	text = dump(INI_DIALECT_NGMT, bytes, INI_FILE_SECTION_MAX + 3);
	assert_string_equal(text, "1! a heading with more than 127 bytes|");
	free(text);
}

static void expect_unreadable(const char *path, enum err_code code, const char *end)
{
	struct ini_listener listener = { NULL, NULL, NULL };
	struct err err;

	assert_int_equal(ini_file_read(path, INI_DIALECT_NGMT, &listener, NULL, &err), -1);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.message, path));
	assert_non_null(strstr(err.message, end));
	assert_int_equal(ini_file_read(path, INI_DIALECT_NGMT, &listener, NULL, NULL), -1);
}

static void test_files_that_are_none(void **state)
{
	struct scratch scratch;
	char path[300];
	int fd;

	(void)state;
	scratch_make(&scratch);
	expect_unreadable(scratch.folder, ERR_FILE, "is a directory, not a file");
	(void)snprintf(path, sizeof(path), "%s/missing", scratch.folder);
	expect_unreadable(path, ERR_NOT_FOUND, "No such file or directory");
	(void)snprintf(path, sizeof(path), "%s/fifo", scratch.folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_unreadable(path, ERR_FILE, "is not a regular file");
	expect_unreadable("/dev/null", ERR_FILE, "is not a regular file");
	(void)snprintf(path, sizeof(path), "%s", scratch_write(&scratch, "file", ""));
	fd = open(path, O_WRONLY);
	assert_int_equal(ftruncate(fd, INI_FILE_BYTES_MAX + 1), 0);
	assert_int_equal(close(fd), 0);
	expect_unreadable(path, ERR_FILE, "has more than 1048576 bytes");
	(void)snprintf(path + strlen(path), 8, "/x");
	expect_unreadable(path, ERR_NOT_FOUND, "Not a directory");
	scratch_remove(&scratch);
}

static void test_mode(void **state)
{
	struct ini_listener listener = { NULL, NULL, NULL };
	struct scratch scratch;
	unsigned mode = 0;
	const char *path;

	(void)state;
	scratch_make(&scratch);
	path = scratch_write(&scratch, "x", "# nothing\n");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(ini_file_read(path, INI_DIALECT_NGMT, &listener, &mode, NULL), 0);
	assert_int_equal(mode, 0640);
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_longest_line_is_whole),
		cmocka_unit_test(test_too_long_line_is_refused),
		cmocka_unit_test(test_too_long_heading_is_refused),
		cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
