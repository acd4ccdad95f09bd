/* SPDX-License-Identifier: MIT */
#include "csv.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "utf8.h"

/* Bytes enter the buffer in slices, so that its size depends on the limits only and not on the caller. */
#define SLICE_BYTES ((size_t)32 * 1024)
#define BUFFER_FIRST_BYTES (4 * SLICE_BYTES)

/* What ends a run of ordinary bytes, inside and outside quotes; and what is skipped around cells. */
#define STOPS_PLAIN 1
#define STOPS_QUOTED 2
#define IS_BLANK 4

enum state { AT_RECORD, AT_CELL, IN_PLAIN, IN_QUOTED, AFTER_QUOTE };

/* STEP_WAIT: only more bytes can tell. */
enum step { STEP_ON, STEP_WAIT, STEP_FAILED };

struct csv {
	char separator;
	char quote;
	csv_record_fn *on_record;
	void *arg;
	unsigned char classes[256];

	/* Everything from `record` on is kept until the record is complete; text is unescaped in place, at `write`,
	 * never beyond `read`. One byte more than `size` is allocated: the NUL behind the last cell. */
	char *buffer;
	size_t size;
	size_t len;
	size_t record;
	size_t read;
	size_t write;
	size_t cell;
	size_t line_start;

	enum state state;
	unsigned line;
	unsigned record_line;
	unsigned cell_line;
	unsigned cell_column;
	bool adjacent;    /* nothing between the last quote and `read` */
	bool after_cr;    /* a line feed now belongs to the line before */
	bool started;     /* past the byte order mark */
	bool finishing;
	bool dead;
	struct err err;

	struct {
		size_t at;
		size_t commas;
		size_t semicolons;
		bool quoted;
		bool escaped; /* by the backslash before */
		bool text;
	} detection;

	size_t count;
	struct csv_cell cells[CSV_CELLS_MAX];
};

static enum step fail_at(struct csv *csv, unsigned line, size_t column, const char *what)
{
	(void)err_set(&csv->err, ERR_FORMAT, "line %u, column %zu: %s", line, column, what);
	csv->dead = true;
	return STEP_FAILED;
}

static enum step fail_long_line(struct csv *csv)
{
	(void)fail_at(csv, csv->record_line, 1, "the line is longer than 1 MiB");
	(void)err_hint(&csv->err, "is there a quote on it that is never closed?");
	return STEP_FAILED;
}

static enum step fail_long_cell(struct csv *csv)
{
	(void)fail_at(csv, csv->cell_line, csv->cell_column, "the cell is longer than 64 KiB");
	if (csv->state != IN_PLAIN)
		(void)err_hint(&csv->err, "is the quote that opens it ever closed?");
	return STEP_FAILED;
}

/* The limits come first, so that what is reported does not depend on where the bytes were cut. */
static enum step fail(struct csv *csv, size_t at, const char *what)
{
	if ((csv->state == IN_PLAIN ? at : csv->write) - csv->cell > CSV_CELL_MAX)
		return fail_long_cell(csv);
	if (at - csv->record > CSV_LINE_MAX)
		return fail_long_line(csv);
	return fail_at(csv, csv->line, at - csv->line_start + 1, what);
}

static unsigned char byte_at(const struct csv *csv, size_t at)
{
	return (unsigned char)csv->buffer[at];
}

static void classify(struct csv *csv)
{
	unsigned char *classes = csv->classes;

	memset(classes, 0, sizeof(csv->classes));
	memset(classes + 0x80, STOPS_PLAIN | STOPS_QUOTED, 0x80);
	classes[0] = classes['\r'] = classes['\n'] = STOPS_PLAIN | STOPS_QUOTED;
	classes[' '] = classes['\t'] = IS_BLANK;
	classes['\\'] |= STOPS_QUOTED;
	classes[(unsigned char)csv->quote] |= STOPS_QUOTED;
	classes[(unsigned char)csv->separator] = STOPS_PLAIN;
}

struct csv *csv_new(const struct csv_options *options, csv_record_fn *on_record, void *arg)
{
	struct csv *csv = calloc(1, sizeof(*csv));

	if (!csv)
		return NULL;
	csv->buffer = malloc(BUFFER_FIRST_BYTES + 1);
	if (!csv->buffer) {
		free(csv);
		return NULL;
	}
	csv->buffer[0] = '\0';
	csv->size = BUFFER_FIRST_BYTES;
	csv->quote = '"';
	if (options && options->quote)
		csv->quote = options->quote;
	if (options)
		csv->separator = options->separator;
	csv->on_record = on_record;
	csv->arg = arg;
	csv->line = csv->record_line = 1;
	classify(csv);
	return csv;
}

void csv_free(struct csv *csv)
{
	if (!csv)
		return;
	free(csv->buffer);
	free(csv);
}

char csv_separator(const struct csv *csv)
{
	return csv->separator;
}

/* Moves what is kept to the front of `target` (the buffer itself or a larger one). */
static void move_to(struct csv *csv, char *target)
{
	size_t gone = csv->record;

	for (size_t i = 0; i < csv->count; i++)
		csv->cells[i].text = target + (csv->cells[i].text - csv->buffer) - gone;
	memmove(target, csv->buffer + gone, csv->len - gone);
	csv->len -= gone;
	csv->read -= gone;
	csv->write -= csv->write < gone ? csv->write : gone;
	csv->cell -= csv->cell < gone ? csv->cell : gone;
	csv->line_start -= gone;
	csv->detection.at -= csv->detection.at < gone ? csv->detection.at : gone;
	csv->record = 0;
}

static int make_room(struct csv *csv, size_t len)
{
	size_t kept = csv->len - csv->record;
	char *larger;

	if (csv->len + len <= csv->size)
		return 0;
	if (kept + len <= csv->size) {
		move_to(csv, csv->buffer);
		return 0;
	}
	larger = malloc(2 * csv->size + 1);
	if (!larger) {
		csv->dead = true;
		return err_set(&csv->err, ERR_INTERNAL, "out of memory");
	}
	move_to(csv, larger);
	free(csv->buffer);
	csv->buffer = larger;
	csv->size *= 2;
	return 0;
}

static enum step end_cell(struct csv *csv, size_t end, bool quoted)
{
	struct csv_cell *cell = &csv->cells[csv->count];

	if (end - csv->cell > CSV_CELL_MAX)
		return fail_long_cell(csv);
	if (csv->count == CSV_CELLS_MAX)
		return fail_at(csv, csv->cell_line, csv->cell_column, "the line has more than 1024 cells");
	if (!quoted)
		while (end > csv->cell && csv->classes[byte_at(csv, end - 1)] & IS_BLANK)
			end--;
	csv->buffer[end] = '\0';
	cell->text = csv->buffer + csv->cell;
	cell->len = end - csv->cell;
	cell->quoted = quoted;
	cell->column = csv->cell_column;
	csv->count++;
	return STEP_ON;
}

static bool is_blank_line(const struct csv *csv)
{
	return csv->count == 0 || (csv->count == 1 && csv->cells[0].len == 0 && !csv->cells[0].quoted);
}

/* `end` is where the record's bytes end, without the line's end. */
static enum step end_record(struct csv *csv, size_t end)
{
	struct csv_record record = { csv->record_line, csv->cells, csv->count };

	if (end - csv->record > CSV_LINE_MAX)
		return fail_long_line(csv);
	if (!is_blank_line(csv) && csv->on_record(csv->arg, &record, &csv->err) < 0) {
		csv->dead = true;
		return STEP_FAILED;
	}
	csv->state = AT_RECORD;
	csv->record = csv->read;
	csv->count = 0;
	return STEP_ON;
}

static void begin_line(struct csv *csv, size_t at)
{
	csv->line++;
	csv->line_start = at;
}

/* At the separator or line end behind a cell. */
static enum step leave_cell(struct csv *csv, size_t at, size_t end, bool quoted)
{
	char c = csv->buffer[at];

	if (end_cell(csv, end, quoted) == STEP_FAILED)
		return STEP_FAILED;
	csv->read = at + 1;
	csv->state = AT_CELL;
	if (c == csv->separator)
		return STEP_ON;
	csv->after_cr = c == '\r';
	if (end_record(csv, at) == STEP_FAILED)
		return STEP_FAILED;
	begin_line(csv, at + 1);
	return STEP_ON;
}

/* NUL or a byte of a longer character at `at`; *len is the character's length. */
static enum step check_special(struct csv *csv, size_t at, size_t *len)
{
	unsigned char c = byte_at(csv, at);

	if (c == 0)
		return fail(csv, at, "there is a NUL byte");
	*len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (csv->len - at < *len && !csv->finishing && c >= 0xc2 && c <= 0xf4)
		return STEP_WAIT;
	if (csv->len - at < *len || utf8_first_invalid(csv->buffer + at, *len) != *len)
		return fail(csv, at, "there is a byte that is not UTF-8");
	return STEP_ON;
}

static enum step at_record(struct csv *csv)
{
	if (csv->after_cr && csv->buffer[csv->read] == '\n')
		csv->line_start = ++csv->read;
	csv->after_cr = false;
	csv->record = csv->read;
	csv->record_line = csv->line;
	csv->count = 0;
	csv->cell = csv->write = csv->read;
	csv->state = AT_CELL;
	return STEP_ON;
}

static void begin_cell(struct csv *csv)
{
	csv->cell_line = csv->line;
	csv->cell_column = (unsigned)(csv->read - csv->line_start + 1);
	csv->cell = csv->write = csv->read;
}

static enum step in_plain(struct csv *csv)
{
	size_t at = csv->read, len = 0;
	enum step step = STEP_WAIT;

	for (;;) {
		unsigned char c;

		/* The NUL behind the last byte stops every run. */
		while (!(csv->classes[byte_at(csv, at)] & STOPS_PLAIN))
			at++;
		if (at >= csv->len)
			break;
		c = byte_at(csv, at);
		if (c != 0 && c < 0x80)
			return leave_cell(csv, at, at, false);
		step = check_special(csv, at, &len);
		if (step != STEP_ON)
			break;
		at += len;
		step = STEP_WAIT;
	}
	csv->read = at;
	if (step == STEP_WAIT && at - csv->cell > CSV_CELL_MAX)
		return fail_long_cell(csv);
	return step;
}

static enum step at_cell(struct csv *csv)
{
	while (csv->classes[byte_at(csv, csv->read)] & IS_BLANK)
		csv->read++;
	if (csv->read >= csv->len)
		return STEP_WAIT;
	begin_cell(csv);
	if (csv->buffer[csv->read] != csv->quote) {
		csv->state = IN_PLAIN;
		return in_plain(csv);
	}
	csv->state = IN_QUOTED;
	csv->cell = csv->write = ++csv->read;
	return STEP_ON;
}

static void put(struct csv *csv, const char *text, size_t len)
{
	memmove(csv->buffer + csv->write, text, len);
	csv->write += len;
}

/* The backslash at `read`, inside quotes. */
static enum step unescape(struct csv *csv)
{
	size_t len = csv->len - csv->read, out_len = 0, used;
	char out[ESCAPE_OUT_MAX];

	if (escape_wants_more(csv->buffer + csv->read, len) && !csv->finishing)
		return STEP_WAIT;
	used = escape_read(csv->buffer + csv->read, len, csv->quote, csv->separator, out, &out_len);
	if (out_len == 1 && out[0] == '\0')
		return fail(csv, csv->read, "there is a NUL character (\\u0000)");
	put(csv, out, out_len);
	csv->read += used;
	return STEP_ON;
}

static void keep_newline(struct csv *csv)
{
	const char *c = csv->buffer + csv->read;

	/* Not overwritten by unescaping: `write` is below `read` or nothing was moved. */
	if (*c == '\n' && csv->read > csv->cell && c[-1] == '\r')
		csv->line--;
	put(csv, c, 1);
	begin_line(csv, ++csv->read);
}

static enum step in_quoted(struct csv *csv)
{
	size_t at = csv->read, len = 1;
	enum step step = STEP_ON;

	while (!(csv->classes[byte_at(csv, at)] & STOPS_QUOTED))
		at++;
	if (csv->write == csv->read)
		csv->write = at;
	else
		put(csv, csv->buffer + csv->read, at - csv->read);
	csv->read = at;
	if (csv->write - csv->cell > CSV_CELL_MAX)
		return fail_long_cell(csv);
	if (at >= csv->len)
		return STEP_WAIT;
	if (csv->buffer[at] == csv->quote) {
		csv->read++;
		csv->adjacent = true;
		csv->state = AFTER_QUOTE;
	} else if (csv->buffer[at] == '\\') {
		step = unescape(csv);
	} else if (csv->buffer[at] == '\n' || csv->buffer[at] == '\r') {
		keep_newline(csv);
	} else {
		step = check_special(csv, at, &len);
		if (step == STEP_ON) {
			put(csv, csv->buffer + at, len);
			csv->read += len;
		}
	}
	return step;
}

static enum step after_quote(struct csv *csv)
{
	char c = csv->buffer[csv->read];

	if (c == csv->quote && csv->adjacent) {
		put(csv, &c, 1);
		csv->read++;
		csv->state = IN_QUOTED;
		return STEP_ON;
	}
	csv->adjacent = false;
	if (csv->classes[(unsigned char)c] & IS_BLANK) {
		csv->read++;
		return STEP_ON;
	}
	if (c == csv->separator || c == '\r' || c == '\n')
		return leave_cell(csv, csv->read, csv->write, true);
	return fail(csv, csv->read, "there is text after the closing quote");
}

static enum step parse(struct csv *csv)
{
	static enum step (*const states[])(struct csv *) = {
		[AT_RECORD] = at_record, [AT_CELL] = at_cell,	     [IN_PLAIN] = in_plain,
		[IN_QUOTED] = in_quoted, [AFTER_QUOTE] = after_quote,
	};
	enum step step = STEP_ON;

	while (step == STEP_ON && csv->read < csv->len)
		step = states[csv->state](csv);
	if (step == STEP_FAILED)
		return step;
	if (csv->read - csv->record > CSV_LINE_MAX)
		return fail_long_line(csv);
	return STEP_WAIT;
}

/* A file of another encoding fails at its first byte; people need to hear which. */
static void hint_encoding(struct csv *csv)
{
	const char *b = csv->buffer;

	if (csv->len >= 2 && (memcmp(b, "\xff\xfe", 2) == 0 || memcmp(b, "\xfe\xff", 2) == 0))
		(void)err_hint(&csv->err, "the file looks like UTF-16; save it as UTF-8");
}

/* Whether the beginning is clear: with or without a byte order mark. */
static bool skip_mark(struct csv *csv)
{
	static const char mark[3] = "\xef\xbb\xbf";
	size_t len = csv->len < sizeof(mark) ? csv->len : sizeof(mark);

	if (memcmp(csv->buffer, mark, len) == 0 && len < sizeof(mark) && !csv->finishing)
		return false;
	if (len == sizeof(mark) && memcmp(csv->buffer, mark, len) == 0)
		csv->read = csv->record = csv->line_start = csv->detection.at = sizeof(mark);
	return true;
}

/* One byte of the first line; true at its end. */
static bool detect_byte(struct csv *csv, char c)
{
	bool escaped = csv->detection.escaped;

	csv->detection.escaped = !escaped && c == '\\' && csv->detection.quoted;
	if (c == csv->quote && !escaped)
		csv->detection.quoted = !csv->detection.quoted;
	if (csv->detection.quoted || escaped)
		return false;
	if (c == '\n' || c == '\r')
		return csv->detection.text;
	csv->detection.commas += c == ',';
	csv->detection.semicolons += c == ';';
	csv->detection.text = csv->detection.text || !(csv->classes[(unsigned char)c] & IS_BLANK);
	return false;
}

/* Whether the separator is known by now. */
static bool detect(struct csv *csv)
{
	bool ended = csv->finishing || csv->len - csv->record > CSV_LINE_MAX;
	size_t at = csv->detection.at;

	while (at < csv->len && !detect_byte(csv, csv->buffer[at]))
		at++;
	csv->detection.at = at;
	if (at == csv->len && !ended)
		return false;
	csv->separator = ',';
	if (csv->detection.semicolons > csv->detection.commas)
		csv->separator = ';';
	classify(csv);
	return true;
}

static enum step run(struct csv *csv)
{
	enum step step;

	csv->buffer[csv->len] = '\0';
	if (!csv->started && !skip_mark(csv))
		return STEP_WAIT;
	csv->started = true;
	if (!csv->separator && !detect(csv))
		return STEP_WAIT;
	step = parse(csv);
	if (step == STEP_FAILED && csv->record_line == 1)
		hint_encoding(csv);
	return step;
}

static int report(const struct csv *csv, struct err *err)
{
	if (err)
		*err = csv->err;
	return -1;
}

int csv_feed(struct csv *csv, const char *bytes, size_t len, struct err *err)
{
	while (len > 0 && !csv->dead) {
		size_t slice = len < SLICE_BYTES ? len : SLICE_BYTES;

		if (make_room(csv, slice) < 0)
			break;
		memcpy(csv->buffer + csv->len, bytes, slice);
		csv->len += slice;
		bytes += slice;
		len -= slice;
		(void)run(csv);
	}
	return csv->dead ? report(csv, err) : 0;
}

/* The last line without its newline. */
static enum step end_text(struct csv *csv)
{
	if (csv->state == IN_QUOTED)
		return fail_at(csv, csv->cell_line, csv->cell_column, "the quote that opens here is never closed");
	if (csv->state == AT_CELL)
		begin_cell(csv);
	if (csv->state != AT_RECORD &&
	    end_cell(csv, csv->state == AFTER_QUOTE ? csv->write : csv->len, csv->state == AFTER_QUOTE) == STEP_FAILED)
		return STEP_FAILED;
	return csv->state == AT_RECORD ? STEP_ON : end_record(csv, csv->len);
}

int csv_finish(struct csv *csv, struct err *err)
{
	if (!csv->dead && !csv->finishing) {
		csv->finishing = true;
		if (run(csv) != STEP_FAILED)
			(void)end_text(csv);
	}
	return csv->dead ? report(csv, err) : 0;
}
