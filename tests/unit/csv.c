/* SPDX-License-Identifier: MIT
 *
 * The reader of results files: nodegame-files, section 4, row by row, and every limit. Each sample is read at once,
 * byte by byte and in two parts cut at every place; the result must be the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "csv.h"

/* "line:cell|cell/…" and, behind "!", the error. Newlines appear as they are. */
struct sample {
	const char *name;
	const char *text;
	size_t len;
	const char *expected;
};

#define SAMPLE(name, text, expected) { name, text, sizeof(text) - 1, expected }

static const struct sample samples[] = {
	SAMPLE("plain", "a,b\n1,2\n", "1:a|b/2:1|2/"),
	SAMPLE("no newline at the end", "a,b\n1,2\n3,4", "1:a|b/2:1|2/3:3|4/"),
	SAMPLE("one row, no newline at the end", "a,b\n1,2", "1:a|b/2:1|2/"),
	SAMPLE("header only", "a,b\n", "1:a|b/"),
	SAMPLE("header only, no newline", "a,b", "1:a|b/"),
	SAMPLE("empty", "", ""),
	SAMPLE("only newlines", "\n\n\r\n\r\r", ""),
	SAMPLE("only blanks", "  \t ", ""),
	SAMPLE("CRLF, unquoted", "a,bonus\r\n1,2\r\n", "1:a|bonus/2:1|2/"),
	SAMPLE("CRLF, quoted", "\"a\",\"b\"\r\n\"1\",\"2\"\r\n", "1:a|b/2:1|2/"),
	SAMPLE("CRLF, no newline at the end", "\"a\",\"b\"\r\n\"1\",\"2\"", "1:a|b/2:1|2/"),
	SAMPLE("mixed ends", "a,b\r\n1,2\n3,4\r5,6\n\r7,8", "1:a|b/2:1|2/3:3|4/4:5|6/6:7|8/"),
	SAMPLE("CR only", "a,b\r1,2\r", "1:a|b/2:1|2/"),
	SAMPLE("byte order mark", "\xef\xbb\xbfid,b\n1,2\n", "1:id|b/2:1|2/"),
	SAMPLE("byte order mark before a quote", "\xef\xbb\xbf\"id\",b\n1,2\n", "1:id|b/2:1|2/"),
	SAMPLE("byte order mark alone", "\xef\xbb\xbf", ""),
	SAMPLE("half a byte order mark", "\xef\xbb", "!line 1, column 1: there is a byte that is not UTF-8"),
	SAMPLE("byte order mark twice is text", "\xef\xbb\xbf\xef\xbb\xbf" "a,b\n", "1:\xef\xbb\xbf" "a|b/"),
	SAMPLE("empty lines", "a,b\n\n1,2\n\n\n3,4\n\n", "1:a|b/3:1|2/6:3|4/"),
	SAMPLE("blank first lines", "\n \t\na,b\n1,2\n", "3:a|b/4:1|2/"),
	SAMPLE("line of spaces", "a,b\n   \n1,2\n", "1:a|b/3:1|2/"),
	SAMPLE("quoted empty line is a record", "a\n\"\"\n", "1:a/2:/"),
	SAMPLE("line of separators is a record", "a,b\n,\n", "1:a|b/2:|/"),
	SAMPLE("separator in quotes", "\"a,b,c\",d\n", "1:a,b,c|d/"),
	SAMPLE("doubled quotes", "\"a \"\"q\"\" b\",c\n", "1:a \"q\" b|c/"),
	SAMPLE("doubled quote before the separator", "\"a \"\"q\"\", b\",c\n", "1:a \"q\", b|c/"),
	SAMPLE("separator first in quotes", "\",abc\",d\n", "1:,abc|d/"),
	SAMPLE("only doubled quotes", "\"\"\"\",\"\"\"\"\"\"\n", "1:\"|\"\"/"),
	SAMPLE("empty quoted", "\"\",x,\"\"\n", "1:|x|/"),
	SAMPLE("escaped quote", "\"a \\\"q\\\" b\",c\n", "1:a \"q\" b|c/"),
	SAMPLE("escaped quote before the separator (NDDB 3)", "\"a \\\"q\\\", b\",c\n", "1:a \"q\", b|c/"),
	SAMPLE("escaped backslash", "\"a\\\\\",b\n", "1:a\\|b/"),
	SAMPLE("escaped separators (NDDB 1.x)", "\"a\\,b\\;c\",d\n", "1:a,b;c|d/"),
	SAMPLE("escaped newline (NDDB 1.x)", "\"a\\\nb\",c\nd,e\n", "1:a\nb|c/3:d|e/"),
	SAMPLE("escaped CRLF", "\"a\\\r\nb\",c\nd,e\n", "1:a\r\nb|c/3:d|e/"),
	SAMPLE("escaped tab (NDDB 1.x)", "\"he said \\\"hi\\\"\\, ok\\\\ \\\n\\\tx\",2\n",
	       "1:he said \"hi\", ok\\ \n\tx|2/"),
	SAMPLE("JSON's escapes (NDDB 3)", "\"a\\nb\\tc\\rd\\be\\f\",\"\\u0041\\u00e9\\u20AC\"\n",
	       "1:a\nb\tc\rd\be\f|A\xc3\xa9\xe2\x82\xac/"),
	SAMPLE("surrogate pair", "\"\\ud83d\\ude00!\"\n", "1:\xf0\x9f\x98\x80!/"),
	SAMPLE("lone surrogates stay", "\"\\ud83d x\",\"\\ude00\",\"\\ud83d\\u0041\"\n",
	       "1:\\ud83d x|\\ude00|\\ud83dA/"),
	SAMPLE("escape at the end of the file", "\"\\u0041\"", "1:A/"),
	SAMPLE("half an escape stays", "\"\\u00\",\"\\uzzzz\",\"\\u\"\n", "1:\\u00|\\uzzzz|\\u/"),
	SAMPLE("digits below '0' are none", "\"\\u0.10\"\n", "1:\\u0.10/"),
	SAMPLE("unknown escape stays", "\"C:\\dir\\q\",\"\\'\"\n", "1:C:\\dir\\q|\\'/"),
	SAMPLE("both ways of escaping in one file", "\"a\\\"b\",\"c\"\"d\"\n", "1:a\"b|c\"d/"),
	SAMPLE("backslash outside quotes", "a\\,b\nC:\\dir\\,c\n\\n,d\n", "1:a\\|b/2:C:\\dir\\|c/3:\\n|d/"),
	SAMPLE("newlines in quotes", "\"a\nb\r\nc\rd\",e\nf,g\n", "1:a\nb\r\nc\rd|e/5:f|g/"),
	SAMPLE("blanks around unquoted cells", "access, exit , bonus\n x ,\ty\t, 2\n", "1:access|exit|bonus/2:x|y|2/"),
	SAMPLE("blanks inside a cell stay", "a b,\"  c \"\n", "1:a b|  c /"),
	SAMPLE("blanks around a quoted cell", " \"a\" ,\t\"b\"\t\n", "1:a|b/"),
	SAMPLE("empty cells", ",,\na,,\n,,b", "1:||/2:a||/3:||b/"),
	SAMPLE("separator at the end", "a,b,\n1,2,", "1:a|b|/2:1|2|/"),
	SAMPLE("cells that look like numbers stay text", "007,1e3,0x10,+2,.5,1e999,Infinity,1_000\n",
	       "1:007|1e3|0x10|+2|.5|1e999|Infinity|1_000/"),
	SAMPLE("fewer and more cells than the header", "a,b\n1\n1,2,3\n", "1:a|b/2:1/3:1|2|3/"),
	SAMPLE("a quote inside an unquoted cell", "5\" screen,it\"s\n", "1:5\" screen|it\"s/"),
	SAMPLE("semicolons", "a;b;c\n1;2,5;3\n", "1:a|b|c/2:1|2,5|3/"),
	SAMPLE("more commas than semicolons", "a,b;c,d\n1,2\n", "1:a|b;c|d/2:1|2/"),
	SAMPLE("as many: comma", "a,b;c\n", "1:a|b;c/"),
	SAMPLE("separators in quotes do not count", "\"a;;;\",b\n\"x\\\";;;;\",c\n", "1:a;;;|b/2:x\";;;;|c/"),
	SAMPLE("escaped quote in the header", "\"x\\\";;\",b\n1,2\n", "1:x\";;|b/2:1|2/"),
	SAMPLE("separator after blank lines", "\n  \na;b\n", "3:a|b/"),
	SAMPLE("newline in the quoted header", "\"a\n,,\";b;c\n1;2;3\n", "1:a\n,,|b|c/3:1|2|3/"),
	SAMPLE("characters of two, three and four bytes",
	       "\xc3\xa9\xe2\x82\xac,\"\xf0\x9f\x98\x80\xe4\xb8\xad\"\n\xf0\x9f\x98\x80",
	       "1:\xc3\xa9\xe2\x82\xac|\xf0\x9f\x98\x80\xe4\xb8\xad/2:\xf0\x9f\x98\x80/"),

	SAMPLE("unclosed quote", "a,b\n1,\"2\n3,4\n",
	       "1:a|b/!line 2, column 3: the quote that opens here is never closed"),
	SAMPLE("unclosed second quote", "\"a,b\",k,\"zz,2.5",
	       "!line 1, column 9: the quote that opens here is never closed"),
	SAMPLE("unclosed after newlines", "\"a\n\nb\",\"c\n\nd",
	       "!line 3, column 4: the quote that opens here is never closed"),
	SAMPLE("a quote alone", "\"", "!line 1, column 1: the quote that opens here is never closed"),
	SAMPLE("a backslash at the end", "\"a\\", "!line 1, column 1: the quote that opens here is never closed"),
	SAMPLE("escaped closing quote (C:\\dir\\ in RFC 4180)", "\"C:\\dir\\\",2\n",
	       "!line 1, column 1: the quote that opens here is never closed"),
	SAMPLE("text after a closing quote", "a,b\n\"a\"x,1\n",
	       "1:a|b/!line 2, column 4: there is text after the closing quote"),
	SAMPLE("text after a quote and blanks", "1,\"a\" x\n",
	       "!line 1, column 7: there is text after the closing quote"),
	SAMPLE("a quote after a quote and blanks", "\"a\" \"b\"\n",
	       "!line 1, column 5: there is text after the closing quote"),
	SAMPLE("text after a closing quote, on a later line", "\"a\nb\"c\n",
	       "!line 2, column 3: there is text after the closing quote"),
	SAMPLE("NUL", "a,b\nc\0d,e\n", "1:a|b/!line 2, column 2: there is a NUL byte"),
	SAMPLE("NUL in quotes", "a,b\n1,\"x\n\0\"\n", "1:a|b/!line 3, column 1: there is a NUL byte"),
	SAMPLE("NUL at the beginning", "\0a\n", "!line 1, column 1: there is a NUL byte"),
	SAMPLE("NUL between lines", "a\n\0\nb\n", "1:a/!line 2, column 1: there is a NUL byte"),
	SAMPLE("NUL after a quote", "\"a\"\0\n", "!line 1, column 4: there is text after the closing quote"),
	SAMPLE("NUL as an escape", "a,\"b\\u0000\"\n", "!line 1, column 5: there is a NUL character (\\u0000)"),
	SAMPLE("not UTF-8", "a,b\nx,\xe9t\xe9\n", "1:a|b/!line 2, column 3: there is a byte that is not UTF-8"),
	SAMPLE("not UTF-8 in quotes", "a,\"b\xff\"\n", "!line 1, column 5: there is a byte that is not UTF-8"),
	SAMPLE("overlong UTF-8", "a\xc0\xaf\n", "!line 1, column 2: there is a byte that is not UTF-8"),
	SAMPLE("surrogate in UTF-8", "\xed\xa0\x80\n", "!line 1, column 1: there is a byte that is not UTF-8"),
	SAMPLE("character cut by a line end", "a\xe2\x82\nb\n", "!line 1, column 2: there is a byte that is not UTF-8"),
	SAMPLE("character cut by the end", "a\xf0\x9f\x98", "!line 1, column 2: there is a byte that is not UTF-8"),
	SAMPLE("continuation byte alone", "a\x80\n", "!line 1, column 2: there is a byte that is not UTF-8"),
	SAMPLE("UTF-16", "\xff\xfe" "a\0,\0", "!line 1, column 1: there is a byte that is not UTF-8"),
};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

struct dump {
	FILE *out;
	bool full; /* columns and quoting too */
};

static int dump_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct dump *dump = arg;

	(void)err;
	(void)fprintf(dump->out, "%u:", record->line);
	for (size_t i = 0; i < record->count; i++) {
		const struct csv_cell *cell = &record->cells[i];

		assert_int_equal(strlen(cell->text), cell->len);
		(void)fprintf(dump->out, "%s%s", i > 0 ? "|" : "", cell->text);
		if (dump->full)
			(void)fprintf(dump->out, "@%u%c", cell->column, cell->quoted ? 'q' : 'p');
	}
	(void)fputc('/', dump->out);
	return 0;
}

/* Reads `text` in parts of `part` bytes, the first of `first` bytes. The caller frees. */
static char *read_in_parts(const struct csv_options *options, const char *text, size_t len, size_t first, size_t part,
			   bool full)
{
	char *result = NULL;
	size_t size = 0, at = 0, n = first;
	struct dump dump = { open_memstream(&result, &size), full };
	struct csv *csv = csv_new(options, dump_record, &dump);
	struct err err = { .code = ERR_NONE }, again = { .code = ERR_NONE };
	int status = 0;

	assert_non_null(dump.out);
	assert_non_null(csv);
	for (; at < len && status == 0; at += n, n = part) {
		n = n < len - at ? n : len - at;
		status = csv_feed(csv, text + at, n, &err);
	}
	if (status == 0)
		status = csv_finish(csv, &err);
	if (status < 0) {
		(void)fprintf(dump.out, "!%s", err.message);
		assert_int_equal(csv_finish(csv, &again), -1);
		assert_string_equal(again.message, err.message);
		assert_int_equal(csv_feed(csv, "x", 1, &again), -1);
		assert_string_equal(again.message, err.message);
	}
	csv_free(csv);
	assert_int_equal(fclose(dump.out), 0);
	return result;
}

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		char *result = read_in_parts(NULL, samples[i].text, samples[i].len, samples[i].len, 1, false);

		if (strcmp(result, samples[i].expected) != 0)
			fail_msg("%s:\n  %s\ninstead of\n  %s", samples[i].name, result, samples[i].expected);
		free(result);
	}
}

static void test_samples_in_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *s = &samples[i];
		char *whole = read_in_parts(NULL, s->text, s->len, s->len, 1, true);

		for (size_t part = 1; part <= 3; part++) {
			for (size_t cut = 0; cut <= s->len; cut++) {
				char *parts = read_in_parts(NULL, s->text, s->len, cut, part == 3 ? s->len + 1 : part,
							    true);

				if (strcmp(parts, whole) != 0)
					fail_msg("%s, cut at %zu by %zu:\n  %s\ninstead of\n  %s", s->name, cut, part,
						 parts, whole);
				free(parts);
			}
		}
		free(whole);
	}
}

/* All samples that are no errors (with a comma too), one after the other, many times: crosses the buffer's own
 * borders at ever other places. */
static void test_long_text_in_parts(void **state)
{
	static const size_t parts[] = { 1, 7, 4096, 32 * 1024 - 1, 100 * 1000 };
	char *text = NULL, *whole;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	for (int round = 0; round < 200; round++)
		for (size_t i = 0; i < SAMPLES; i++)
			if (!strchr(samples[i].expected, '!') && !strstr(samples[i].text, "\";"))
				(void)fprintf(out, "%.*s\n%.*s\n", (int)samples[i].len, samples[i].text, round % 11,
					      "xxxxxxxxxxx");
	assert_int_equal(fclose(out), 0);
	assert_true(len > 200 * 1000);
	whole = read_in_parts(NULL, text, len, len, 1, true);
	assert_null(strstr(whole, "!line"));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *result = read_in_parts(NULL, text, len, parts[i], parts[i], true);

		assert_string_equal(result, whole);
		free(result);
	}
	free(whole);
	free(text);
}

static void expect(const struct csv_options *options, const char *text, const char *expected)
{
	size_t len = strlen(text);
	char *whole = read_in_parts(options, text, len, len, 1, true);
	char *bytes = read_in_parts(options, text, len, 1, 1, true);

	assert_string_equal(whole, expected);
	assert_string_equal(bytes, expected);
	free(whole);
	free(bytes);
}

static void test_columns(void **state)
{
	static const char text[] = "\xef\xbb\xbfid, \"b\" ,c\n\xc3\xa9,\"x\ny\", z\n,\"\"\n";

	(void)state;
	expect(NULL, text, "1:id@1p|b@5q|c@10p/2:\xc3\xa9@1p|x\ny@4q|z@5p/4:@1p|@2q/");
}

static void test_options(void **state)
{
	static const struct csv_options tab = { .separator = '\t' }, bar = { .separator = '|' },
					apostrophe = { .separator = ',', .quote = '\'' };

	(void)state;
	expect(&tab, "a\t b \tc\n\t\t\n", "1:a@1p|b@4p|c@7p/2:@1p|@2p|@3p/");
	expect(&bar, "a,b|\"c\\|d\"\n", "1:a,b@1p|c|d@5q/");
	expect(&apostrophe, "'a,''b',\"c\",'\\'d'\n", "1:a,'b@1q|\"c\"@9p|'d@13q/");
}

static void test_separator(void **state)
{
	struct dump dump = { fopen("/dev/null", "w"), false };
	struct csv *csv = csv_new(NULL, dump_record, &dump);
	struct err err;

	(void)state;
	assert_non_null(dump.out);
	assert_int_equal(csv_separator(csv), 0);
	assert_int_equal(csv_feed(csv, "\n\na;b", 5, &err), 0);
	assert_int_equal(csv_separator(csv), 0);
	assert_int_equal(csv_feed(csv, ";c,d\n", 5, &err), 0);
	assert_int_equal(csv_separator(csv), ';');
	csv_free(csv);
	(void)fclose(dump.out);
	csv_free(NULL);
}

static int refuse_second(void *arg, const struct csv_record *record, struct err *err)
{
	++*(int *)arg;
	return record->line == 2 ? err_set(err, ERR_STATE, "enough") : 0;
}

static void test_callback_stops(void **state)
{
	int seen = 0;
	struct csv *csv = csv_new(NULL, refuse_second, &seen);
	struct err err;

	(void)state;
	assert_int_equal(csv_feed(csv, "a\nb\nc\nd\n", 8, &err), -1);
	assert_int_equal(err.code, ERR_STATE);
	assert_string_equal(err.message, "enough");
	assert_int_equal(csv_feed(csv, "e\n", 2, NULL), -1);
	assert_int_equal(csv_finish(csv, &err), -1);
	assert_string_equal(err.message, "enough");
	assert_int_equal(seen, 2);
	csv_free(csv);
}

static void test_callback_stops_at_the_end(void **state)
{
	int seen = 0;
	struct csv *csv = csv_new(NULL, refuse_second, &seen);
	struct err err;

	(void)state;
	assert_int_equal(csv_feed(csv, "a\nb", 3, &err), 0);
	assert_int_equal(seen, 1);
	assert_int_equal(csv_finish(csv, &err), -1);
	assert_string_equal(err.message, "enough");
	csv_free(csv);
}

static void test_records_come_at_once(void **state)
{
	int seen = 0;
	struct csv *csv = csv_new(&(struct csv_options){ .separator = ',' }, refuse_second, &seen);
	struct err err;

	(void)state;
	assert_int_equal(csv_feed(csv, "a,b\n", 4, &err), 0);
	assert_int_equal(seen, 1);
	csv_free(csv);
}

/* `before`, `count` times `c`, `after`; read whole and in slices of odd size. */
static char *read_repeated(const char *before, char c, size_t count, const char *after, size_t part)
{
	size_t len = strlen(before) + count + strlen(after);
	char *text = malloc(len + 1), *result;

	assert_non_null(text);
	memcpy(text, before, strlen(before));
	memset(text + strlen(before), c, count);
	memcpy(text + strlen(before) + count, after, strlen(after) + 1);
	result = read_in_parts(NULL, text, len, part ? part : len, part ? part : len, false);
	free(text);
	return result;
}

static void test_limits(void **state)
{
	static const struct {
		const char *before;
		char c;
		size_t count;
		const char *after;
		const char *error; /* NULL: none */
	} cases[] = {
		{ "a\n", 'x', CSV_CELL_MAX, "\nb\n", NULL },
		{ "a\n", 'x', CSV_CELL_MAX, "", NULL },
		{ "a\nb,", 'x', CSV_CELL_MAX + 1, "\nb\n", "!line 2, column 3: the cell is longer than 64 KiB" },
		{ "a\n", 'x', CSV_CELL_MAX + 1, "", "!line 2, column 1: the cell is longer than 64 KiB" },
		{ "a\n", 'x', CSV_CELL_MAX + 9, "\xff", "!line 2, column 1: the cell is longer than 64 KiB" },
		{ "a\n\"", 'x', CSV_CELL_MAX, "\"\nb\n", NULL },
		{ "a\n\"", 'x', CSV_CELL_MAX + 1, "\"\nb\n", "!line 2, column 1: the cell is longer than 64 KiB" },
		{ "a\n\"", 'x', CSV_CELL_MAX - 1, "\"\"\"\nb\n", NULL },
		{ "a\n\"", 'x', CSV_CELL_MAX, "\"\"\"\nb\n", "!line 2, column 1: the cell is longer than 64 KiB" },
		{ "a\n\"\n", '\n', 2 * CSV_CELL_MAX, "", "!line 2, column 1: the cell is longer than 64 KiB" },
		{ "a\n", ' ', CSV_LINE_MAX, "\nb", NULL },
		{ "a\n", ' ', CSV_LINE_MAX + 1, "\nb", "!line 2, column 1: the line is longer than 1 MiB" },
		{ "a\n", ' ', 3 * CSV_LINE_MAX, "", "!line 2, column 1: the line is longer than 1 MiB" },
		{ "a\n", ' ', CSV_LINE_MAX + 7, "\xff", "!line 2, column 1: the line is longer than 1 MiB" },
		{ "a\n\"b\"", ' ', CSV_LINE_MAX - 3, "\nb", NULL },
		{ "a\n\"b\"", ' ', CSV_LINE_MAX - 2, "\nb", "!line 2, column 1: the line is longer than 1 MiB" },
		{ "a\n", ',', CSV_CELLS_MAX - 1, "\nb", NULL },
		{ "a\n", ',', CSV_CELLS_MAX, "\nb", "!line 2, column 1025: the line has more than 1024 cells" },
		{ "a\n", '\n', 3 * CSV_LINE_MAX, "b", NULL },
		/* The separator is not known before the first line has ended. */
		{ "\"", 'x', 2 * CSV_LINE_MAX, "", "!line 1, column 1: the cell is longer than 64 KiB" },
		{ "", ' ', 2 * CSV_LINE_MAX, "", "!line 1, column 1: the line is longer than 1 MiB" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const size_t parts[] = { 0, 777, 32 * 1024 + 1 };

		for (size_t j = 0; j < sizeof(parts) / sizeof(parts[0]); j++) {
			char *result = read_repeated(cases[i].before, cases[i].c, cases[i].count, cases[i].after,
						     parts[j]);
			const char *error = strstr(result, "!line");

			if (strcmp(error ? error : "", cases[i].error ? cases[i].error : "") != 0)
				fail_msg("case %zu, parts of %zu: %s", i, parts[j], error ? error : "no error");
			free(result);
		}
	}
}

static void test_hints(void **state)
{
	struct dump dump = { fopen("/dev/null", "w"), false };
	struct csv *csv = csv_new(NULL, dump_record, &dump);
	struct err err;

	(void)state;
	assert_non_null(dump.out);
	assert_int_equal(csv_feed(csv, "\xff\xfe" "a\0\n\0", 6, &err), -1);
	assert_int_equal(err.code, ERR_FORMAT);
	assert_non_null(strstr(err.hint, "UTF-16"));
	csv_free(csv);
	(void)fclose(dump.out);
}

/* Random RFC 4180 files: what is written is what is read. */
static void write_cell(FILE *file, FILE *expected, unsigned *seed)
{
	static const char alphabet[] = "ab\",;\n\r '0";
	bool quoted = rand_r(seed) % 2;
	int len = rand_r(seed) % 6;

	if (quoted)
		(void)fputc('"', file);
	for (int i = 0; i < len; i++) {
		char c = alphabet[(size_t)rand_r(seed) % (sizeof(alphabet) - 1)];

		if (!quoted)
			c = "ab0'x"[(size_t)rand_r(seed) % 5];
		if (c == '"')
			(void)fputc('"', file);
		(void)fputc(c, file);
		(void)fputc(c, expected);
	}
	if (quoted)
		(void)fputc('"', file);
}

static void test_written_is_read(void **state)
{
	static const struct csv_options comma = { .separator = ',' };

	(void)state;
	for (unsigned seed = 1; seed < 500; seed++) {
		char *text = NULL, *expected = NULL, *result;
		size_t len = 0, expected_len = 0;
		FILE *file = open_memstream(&text, &len), *out = open_memstream(&expected, &expected_len);
		unsigned chance = seed;

		assert_non_null(file);
		assert_non_null(out);
		for (int i = 0; i < 20; i++) {
			for (int j = 0; j < 4; j++) {
				write_cell(file, out, &chance);
				(void)fputc(j < 3 ? ',' : '\n', file);
				(void)fputc(j < 3 ? '|' : '/', out);
			}
		}
		assert_int_equal(fclose(file), 0);
		assert_int_equal(fclose(out), 0);
		result = read_in_parts(&comma, text, len, seed % 97 + 1, seed % 13 + 1, false);
		/* Without the line numbers in front of records. */
		for (char *from = result, *to = result; ; from++) {
			if (from == result || (from[-1] == '/' && *from))
				from += strspn(from, "0123456789") + 1;
			*to++ = *from;
			if (*from == '\0')
				break;
		}
		assert_string_equal(result, expected);
		free(result);
		free(text);
		free(expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_samples_in_parts),
		cmocka_unit_test(test_long_text_in_parts),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_separator),
		cmocka_unit_test(test_callback_stops),
		cmocka_unit_test(test_callback_stops_at_the_end),
		cmocka_unit_test(test_records_come_at_once),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
