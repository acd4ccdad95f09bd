/* SPDX-License-Identifier: MIT */
#include "row.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "filter.h"
#include "money.h"
#include "utf8.h"

#define CODE_MAX 255
#define TOKEN_MAX 64
#define MTURK_TEXT_MAX 1024
#define SHOWN_MAX 40

struct reading {
	const struct field_map *map;
	const struct csv_record *record;
	const struct row_rules *rules;
	struct row *row;
	bool is_amount; /* the bonus cell holds one */
};

static const struct {
	enum field field;
	size_t offset;
	bool zero_is_absent;
} texts[] = {
	{ FIELD_ID, offsetof(struct row, player_id), true },
	{ FIELD_TYPE, offsetof(struct row, type), false },
	{ FIELD_WORKER_ID, offsetof(struct row, worker_id), true },
	{ FIELD_ASSIGNMENT_ID, offsetof(struct row, assignment_id), true },
	{ FIELD_HIT_ID, offsetof(struct row, hit_id), true },
	{ FIELD_ACCESS_CODE, offsetof(struct row, access_code), true },
	{ FIELD_EXIT_CODE, offsetof(struct row, exit_code), true },
	{ FIELD_BONUS, offsetof(struct row, bonus_text), false },
	{ FIELD_QUALIFICATION_TYPE_ID, offsetof(struct row, qualification_type_id), true },
	{ FIELD_REASON, offsetof(struct row, reason), false },
	{ FIELD_REQUESTER_FEEDBACK, offsetof(struct row, requester_feedback), false },
	{ FIELD_UNIQUE_REQUEST_TOKEN, offsetof(struct row, unique_request_token), false },
	{ FIELD_ASSIGNMENT_STATUS, offsetof(struct row, assignment_status), false },
};

static const struct {
	enum field field;
	size_t offset;
} truths[] = {
	{ FIELD_APPROVE, offsetof(struct row, approve) },
	{ FIELD_REJECT, offsetof(struct row, reject) },
	{ FIELD_DISCONNECTED, offsetof(struct row, disconnected) },
	{ FIELD_SKIP, offsetof(struct row, skip) },
	{ FIELD_SEND_NOTIFICATION, offsetof(struct row, send_notification) },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_absent(const char *text, size_t len, bool zero_is_absent)
{
	return (zero_is_absent && len == 1 && text[0] == '0') || cell_says_nothing(text, len);
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_APPROVE] = "approve",
		[VERDICT_REJECT] = "reject",
		[VERDICT_HOLD] = "hold",
		[VERDICT_SKIP] = "skip",
	};

	return names[verdict];
}

/* The field's cell, NULL without a column or where the row ends before it. */
static const struct csv_cell *cell_of(const struct reading *reading, enum field field)
{
	size_t column = reading->map->columns[field];

	return column < reading->record->count ? &reading->record->cells[column] : NULL;
}

static void *member(struct row *row, size_t offset)
{
	return (char *)row + offset;
}

static size_t texts_size(const struct reading *reading)
{
	size_t size = 1;

	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct csv_cell *cell = cell_of(reading, texts[i].field);

		size += cell ? cell->len + 1 : 0;
	}
	return size;
}

/* One allocation for all texts: a file has a million rows. */
static int take_texts(const struct reading *reading, struct err *err)
{
	char *next = malloc(texts_size(reading));

	if (!next)
		return err_set(err, ERR_INTERNAL, "out of memory");
	reading->row->storage = next;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct csv_cell *cell = cell_of(reading, texts[i].field);
		char **out = member(reading->row, texts[i].offset);
		size_t len = 0;
		const char *text = cell ? cell_trimmed(cell->text, &len) : NULL;

		if (!text || is_absent(text, len, texts[i].zero_is_absent))
			continue;
		memcpy(next, text, len);
		next[len] = '\0';
		*out = next;
		next += len + 1;
	}
	return 0;
}

static void take_truths(const struct reading *reading)
{
	for (size_t i = 0; i < COUNT(truths); i++) {
		const struct csv_cell *cell = cell_of(reading, truths[i].field);
		enum truth *out = member(reading->row, truths[i].offset);

		*out = truth_of(cell ? cell->text : NULL);
	}
}

static bool parse_integer(const char *text, size_t len, int64_t *out)
{
	int64_t value = 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
		if (value > INT32_MAX)
			return false;
	}
	*out = value;
	return true;
}

static void take_numbers(struct reading *reading)
{
	const struct csv_cell *cell = cell_of(reading, FIELD_INTEGER_VALUE);
	struct row *row = reading->row;
	size_t len = 0;
	const char *text = cell ? cell_trimmed(cell->text, &len) : "";

	reading->is_amount = row->bonus_text && money_parse(row->bonus_text, &row->bonus_cents, NULL) == 0;
	row->has_integer_value = parse_integer(text, len, &row->integer_value);
}

/* The beginning of a text, for "%.*s". */
#define SHOWN(text) utf8_cut(text, SHOWN_MAX), (text)

/* Text from a file must not reach a terminal as it is, and a sentence ends between characters. */
static void keep_why(struct row *row, const char *sentence)
{
	char *clean = utf8_printable(sentence);

	if (clean) {
		(void)snprintf(row->why, sizeof(row->why), "%s", clean);
		row->why[utf8_first_invalid(row->why, strlen(row->why))] = '\0';
	} else {
		(void)snprintf(row->why, sizeof(row->why), "something is wrong, and memory ran out saying what");
	}
	free(clean);
}

/* Always true, so that a check reads "return hold(…)". A field without a cell has no column. */
__attribute__((format(printf, 3, 4))) static bool hold(const struct reading *reading, enum field field,
						       const char *format, ...)
{
	const struct csv_cell *cell = field < FIELDS ? cell_of(reading, field) : NULL;
	struct row *row = reading->row;
	char sentence[3 * ROW_WHY_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	keep_why(row, sentence);
	row->verdict = VERDICT_HOLD;
	row->column = cell ? cell->column : 0;
	return true;
}

static bool skip(const struct reading *reading, enum field field, const char *why)
{
	(void)hold(reading, field, "%s", why);
	reading->row->verdict = VERDICT_SKIP;
	return true;
}

/* Each check says whether it has settled the verdict. */
static bool check_bot(const struct reading *reading)
{
	const char *type = reading->row->type;

	return type && strcasecmp(type, "bot") == 0 && skip(reading, FIELD_TYPE, "a bot");
}

static bool check_wide(const struct reading *reading)
{
	size_t count = reading->record->count, width = reading->map->width;

	if (count <= width)
		return false;
	(void)hold(reading, FIELDS,
		   "%zu cells, but the header has %zu: a separator inside a text has moved the columns", count, width);
	reading->row->column = reading->record->cells[width].column;
	return true;
}

static bool check_short(const struct reading *reading)
{
	const struct field_map *map = reading->map;

	for (size_t i = reading->record->count; i < map->width; i++)
		if (!field_map_may_lack(map, i))
			return hold(reading, FIELDS, "the row ends before the column \"%.*s\" (%zu cells of %zu)",
				    SHOWN(map->header[i]), reading->record->count, map->width);
	return false;
}

static bool check_empty(const struct reading *reading)
{
	for (size_t i = 0; i < reading->record->count; i++) {
		size_t len;

		(void)cell_trimmed(reading->record->cells[i].text, &len);
		if (len > 0)
			return false;
	}
	return skip(reading, FIELDS, "an empty row");
}

/* The seed's default filter has its own sentence. */
static bool leave_out(const struct reading *reading)
{
	if (reading->row->skip == TRUTH_YES && filter_asks_for(reading->rules->filter, field_name(FIELD_SKIP)))
		return skip(reading, FIELD_SKIP, "marked to be skipped");
	return skip(reading, FIELDS, "left out by the filter");
}

static bool check_filter(const struct reading *reading)
{
	struct filter *filter = reading->rules->filter;
	enum filter_word word = FILTER_UNKNOWN;
	struct err err;

	if (!filter)
		return false;
	if (filter_row(filter, reading->record, &word, &err) < 0)
		return hold(reading, FIELDS, "the filter cannot tell: %s", err.message);
	if (word == FILTER_UNKNOWN)
		return hold(reading, FIELDS, "the filter is neither true nor false: %s", filter_why_unknown(filter));
	return word == FILTER_SKIP && leave_out(reading);
}

/* What it lacks may be in the platform's list. An assignment without a worker is no case for it: whose it is, must be
 * said by two. */
static bool may_be_joined(const struct reading *reading)
{
	const struct row *row = reading->row;

	return reading->rules->joins && !row->assignment_id && (row->worker_id || row->exit_code || row->player_id);
}

static bool check_presence(const struct reading *reading)
{
	const struct row *row = reading->row;

	if (may_be_joined(reading))
		return false;
	if (!row->worker_id && !row->assignment_id)
		return hold(reading, FIELD_WORKER_ID,
			    "no MTurk ids: the row says neither the worker nor the assignment");
	if (!row->worker_id)
		return hold(reading, FIELD_WORKER_ID, "no worker id for assignment \"%.*s\"",
			    SHOWN(row->assignment_id));
	if (!row->assignment_id)
		return hold(reading, FIELD_ASSIGNMENT_ID, "no assignment id for worker \"%.*s\"",
			    SHOWN(row->worker_id));
	return false;
}

static bool check_ids(const struct reading *reading)
{
	const struct row *row = reading->row;
	const struct {
		enum field field;
		const char *noun;
		const char *text;
	} ids[] = {
		{ FIELD_ASSIGNMENT_ID, "assignment id", row->assignment_id },
		{ FIELD_HIT_ID, "HIT id", row->hit_id },
		{ FIELD_QUALIFICATION_TYPE_ID, "qualification type id", row->qualification_type_id },
	};

	if (row->worker_id && !is_worker_id(row->worker_id))
		return hold(reading, FIELD_WORKER_ID,
			    "worker id \"%.*s\" is not one that MTurk gives out (A, then capital letters and digits)",
			    SHOWN(row->worker_id));
	for (size_t i = 0; i < COUNT(ids); i++)
		if (ids[i].text && !is_entity_id(ids[i].text))
			return hold(reading, ids[i].field,
				    "%s \"%.*s\" is not one that MTurk gives out (capital letters and digits)",
				    ids[i].noun, SHOWN(ids[i].text));
	return false;
}

static bool check_amount(const struct reading *reading)
{
	int64_t cents;
	struct err err;

	if (reading->is_amount || !reading->row->bonus_text)
		return false;
	(void)money_parse(reading->row->bonus_text, &cents, &err);
	return hold(reading, FIELD_BONUS, "bonus %s", err.message);
}

/* MTurk refuses ASCII 0-8, 11, 12 and 14-31 in texts. */
static bool has_controls(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' && !strchr("\t\n\r", *text))
			return true;
	return false;
}

static bool check_text(const struct reading *reading, enum field field, const char *text, size_t limit)
{
	const char *noun = field_name(field);

	if (!text)
		return false;
	if (has_controls(text))
		return hold(reading, field, "%s has a control character in it: \"%.*s\"", noun, SHOWN(text));
	if (utf8_length(text) > limit)
		return hold(reading, field, "%s has %zu characters; at most %zu can be sent", noun, utf8_length(text),
			    limit);
	return false;
}

static bool check_texts(const struct reading *reading)
{
	const struct row *row = reading->row;

	if (reading->rules->validate_level < 1)
		return false;
	return check_text(reading, FIELD_REASON, row->reason, MTURK_TEXT_MAX) ||
	       check_text(reading, FIELD_REQUESTER_FEEDBACK, row->requester_feedback, MTURK_TEXT_MAX) ||
	       check_text(reading, FIELD_UNIQUE_REQUEST_TOKEN, row->unique_request_token, TOKEN_MAX);
}

static bool check_integer(const struct reading *reading)
{
	const struct csv_cell *cell = cell_of(reading, FIELD_INTEGER_VALUE);
	size_t len = 0;
	const char *text = cell ? cell_trimmed(cell->text, &len) : "";

	if (reading->rules->validate_level < 1 || reading->row->has_integer_value || is_absent(text, len, false))
		return false;
	return hold(reading, FIELD_INTEGER_VALUE,
		    "integer value \"%.*s\" is not a whole number from 0 to 2147483647", SHOWN(text));
}

static bool check_codes(const struct reading *reading)
{
	const struct row *row = reading->row;
	const struct field_map *map = reading->map;

	if (reading->rules->validate_level < 2)
		return false;
	if (map->columns[FIELD_ACCESS_CODE] != FIELD_NO_COLUMN && map->columns[FIELD_EXIT_CODE] != FIELD_NO_COLUMN) {
		if (row->access_code && !row->exit_code)
			return hold(reading, FIELD_EXIT_CODE, "access code \"%.*s\" without an exit code",
				    SHOWN(row->access_code));
		if (row->exit_code && !row->access_code)
			return hold(reading, FIELD_ACCESS_CODE, "exit code \"%.*s\" without an access code",
				    SHOWN(row->exit_code));
	}
	return check_text(reading, FIELD_ID, row->player_id, CODE_MAX) ||
	       check_text(reading, FIELD_ACCESS_CODE, row->access_code, CODE_MAX) ||
	       check_text(reading, FIELD_EXIT_CODE, row->exit_code, CODE_MAX);
}

static bool is_status(const struct row *row, const char *status)
{
	return row->assignment_status && strcasecmp(row->assignment_status, status) == 0;
}

static bool check_status(const struct reading *reading)
{
	const struct row *row = reading->row;

	if (reading->rules->validate_level < 2 || !row->assignment_status || is_status(row, "Submitted") ||
	    is_status(row, "Approved") || is_status(row, "Rejected"))
		return false;
	return hold(reading, FIELD_ASSIGNMENT_STATUS,
		    "assignment status \"%.*s\" is none of Submitted, Approved and Rejected",
		    SHOWN(row->assignment_status));
}

static bool may_approve(const struct reading *reading)
{
	const struct row *row = reading->row;

	return row->approve == TRUTH_YES || (row->reject != TRUTH_YES && reading->rules->auto_approve);
}

static bool check_decision(const struct reading *reading)
{
	const struct row *row = reading->row;
	bool reject = row->reject == TRUTH_YES;

	if (row->approve == TRUTH_YES && reject)
		return hold(reading, FIELD_REJECT, "both approve and reject are set");
	if (reject && is_status(row, "Approved"))
		return hold(reading, FIELD_REJECT, "reject is set, but the file says that it is approved already");
	if (reject)
		return false;
	if (!may_approve(reading))
		return hold(reading, FIELD_APPROVE, "neither approve nor reject is set (see auto_approve)");
	if (is_status(row, "Rejected"))
		return hold(reading, FIELD_ASSIGNMENT_STATUS,
			    "to be approved, but the file says that it is rejected already");
	return false;
}

/* Whether a bonus is due at all: who is rejected or has disconnected gets none, whatever the amount. */
static bool may_earn(const struct row *row)
{
	return row->reject != TRUTH_YES && row->disconnected != TRUTH_YES && row->bonus_cents > 0;
}

static bool check_limits(const struct reading *reading)
{
	const struct row_rules *rules = reading->rules;
	struct row *row = reading->row;
	char limit[MONEY_TEXT_MAX];

	if (!may_earn(row))
		return false;
	row->is_beyond_limits =
		row->bonus_cents > rules->max_bonus_cents || row->bonus_cents < rules->min_bonus_cents;
	if (row->bonus_cents > rules->max_bonus_cents)
		return hold(reading, FIELD_BONUS, "bonus \"%.*s\" is above max_bonus (%s)", SHOWN(row->bonus_text),
			    money_display(rules->max_bonus_cents, limit));
	if (row->bonus_cents < rules->min_bonus_cents)
		return hold(reading, FIELD_BONUS, "bonus \"%.*s\" is below min_bonus (%s)", SHOWN(row->bonus_text),
			    money_display(rules->min_bonus_cents, limit));
	return false;
}

/* What remains when nothing is wrong. */
static void accept(const struct reading *reading)
{
	struct row *row = reading->row;
	bool reject = row->reject == TRUTH_YES;
	const char *what = reject ? "to reject" : "to approve";
	char amount[MONEY_TEXT_MAX];

	row->verdict = reject ? VERDICT_REJECT : VERDICT_APPROVE;
	row->has_bonus = may_earn(row);
	(void)money_display(row->bonus_cents, amount);
	if (row->has_bonus)
		(void)snprintf(row->why, sizeof(row->why), "%s, bonus %s", what, amount);
	else if (row->disconnected == TRUTH_YES && row->bonus_cents > 0)
		(void)snprintf(row->why, sizeof(row->why), "%s, disconnected: the bonus of %s is not due", what,
			       amount);
	else if (row->disconnected == TRUTH_YES)
		(void)snprintf(row->why, sizeof(row->why), "%s, disconnected: no bonus", what);
	else if (reject && row->bonus_cents > 0)
		(void)snprintf(row->why, sizeof(row->why), "%s: the bonus of %s is not due", what, amount);
	else
		(void)snprintf(row->why, sizeof(row->why), "%s, %s", what,
			       row->bonus_text ? "bonus 0: nothing to pay" : "no bonus");
}

/* In this order: what a row says about itself counts only once its columns are known to be where the header says. A
 * bot's row is skipped even so, for nothing can be paid by that. The limits come last: a row beyond them that a person
 * lets go on has nothing else that is wrong. */
static bool (*const checks[])(const struct reading *) = {
	check_bot,   check_wide,    check_short, check_empty, check_filter, check_presence, check_ids,
	check_amount, check_decision, check_texts, check_integer, check_codes, check_status, check_limits,
};

/* Everything else about it is judged: what that has come to counts once it is joined. */
static void wait_for_join(struct row *row)
{
	row->waits = true;
	row->join_verdict = row->verdict;
	memcpy(row->join_why, row->why, sizeof(row->join_why));
	row->is_beyond_limits = false;
	row->verdict = VERDICT_HOLD;
	row->column = 0;
	(void)snprintf(row->why, sizeof(row->why), "waits for MTurk's list: no %sassignment in the file",
		       row->worker_id ? "" : "worker and no ");
}

static void judge(const struct reading *reading)
{
	for (size_t i = 0; i < COUNT(checks); i++)
		if (checks[i](reading))
			return;
	accept(reading);
}

int row_read(const struct field_map *map, const struct csv_record *record, const struct row_rules *rules,
	     struct row *out, struct err *err)
{
	struct reading reading = { map, record, rules, out, false };

	*out = (struct row){ .line = record->line };
	if (take_texts(&reading, err) < 0)
		return -1;
	take_truths(&reading);
	take_numbers(&reading);
	judge(&reading);
	if (may_be_joined(&reading) && (out->verdict < VERDICT_HOLD || out->is_beyond_limits))
		wait_for_join(out);
	return 0;
}

void row_finish(struct row *row)
{
	free(row->storage);
	*row = (struct row){ 0 };
}
