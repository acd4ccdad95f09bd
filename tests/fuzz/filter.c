/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: a filter and a file. The first line is the expression, the rest the file. Whatever they say, the
 * filter is refused with a reason or has one answer for each row, always the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "row.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

struct asking {
	struct filter *filter;
	struct filter *truthy; /* of a column called x */
	struct field_map map;
	bool has_header;
};

static int begin(struct asking *asking, const struct csv_record *header, struct err *err)
{
	static char x[] = "x";
	char *const names[] = { x };

	if (field_map_init(&asking->map, NULL, header, err) < 0)
		return -1;
	asking->has_header = true;
	require(filter_prepare(asking->truthy, names, 1, err) == 0, "memory");
	require(filter_prepare(asking->filter, asking->map.header, asking->map.width, err) == 0, "memory");
	require(filter_missing(asking->filter) != NULL, "what is missing");
	return 0;
}

/* A number with a dollar is a number for filters only. */
static void check_truthy(struct asking *asking, const struct csv_record *record)
{
	const struct csv_cell *cell = &record->cells[0];
	enum filter_word word = FILTER_UNKNOWN;
	struct err err = { .code = ERR_NONE };
	size_t len;

	if (cell_trimmed(cell->text, &len)[0] == '$')
		return;
	require(filter_row(asking->truthy, record, &word, &err) == 0, "truthy() has an answer");
	require(word == (truth_of(cell->text) == TRUTH_YES ? FILTER_KEEP : FILTER_SKIP), "truthy() is truth_of()");
}

static int answer(struct asking *asking, const struct csv_record *record, struct err *err)
{
	enum filter_word word = FILTER_UNKNOWN;
	int result = filter_row(asking->filter, record, &word, err);

	if (result < 0) {
		require(err->code == ERR_FORMAT && err->message[0], "an error says what is wrong");
		return -1;
	}
	require(word != FILTER_UNKNOWN || filter_why_unknown(asking->filter)[0], "why it is unknown");
	return (int)word;
}

static int on_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct asking *asking = arg;
	struct err first = { .code = ERR_NONE }, second = { .code = ERR_NONE };

	if (!asking->has_header)
		return begin(asking, record, err);
	require(answer(asking, record, &first) == answer(asking, record, &second), "the same row, the same answer");
	require(strcmp(first.message, second.message) == 0, "the same row, the same error");
	check_truthy(asking, record);
	return 0;
}

static void ask(struct filter *filter, const char *text, size_t len)
{
	struct err err = { .code = ERR_NONE };
	struct asking asking = { .filter = filter, .truthy = filter_new("truthy(x)", &err) };
	struct csv *csv = csv_new(NULL, on_record, &asking);

	require(asking.truthy && csv, "memory");
	if (csv_feed(csv, text, len, &err) < 0 || csv_finish(csv, &err) < 0)
		require(err.message[0], "an error says what is wrong");
	csv_free(csv);
	if (asking.has_header)
		field_map_finish(&asking.map);
	filter_free(asking.truthy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = memchr(text, '\n', size);
	size_t len = end ? (size_t)(end - text) : size;
	struct err err = { .code = ERR_NONE };
	struct filter *filter;
	char *expression = strndup(text, len);

	if (!expression)
		return 0;
	filter = filter_new(expression, &err);
	if (filter)
		ask(filter, end ? end + 1 : text + size, end ? size - len - 1 : 0);
	else
		require(err.message[0] && err.code == ERR_CONFIG, "a refusal has a reason");
	require(utf8_first_invalid(err.message, strlen(err.message)) == strlen(err.message), "it can be shown");
	filter_free(filter);
	free(expression);
	return 0;
}
