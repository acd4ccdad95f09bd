/* SPDX-License-Identifier: MIT */
#include "notice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "operations.h"
#include "plan_table.h"
#include "recipients.h"
#include "row.h"
#include "utf8.h"

#define ROWS_AT_ONCE 1000
/* Characters of the text's first line that a plan shows. */
#define LINE_SHOWN 100

/* Why somebody is left out; of several rows about one worker, the first of these that fits any of them counts. */
enum reason {
	REASON_NONE,
	REASON_TOLD,
	REASON_OPEN,
	REASON_UNKNOWN,
	REASON_BAD_ID,
	REASON_HELD,
	REASON_SKIPPED,
	REASONS
};

static const struct {
	enum plan_verdict verdict;
	const char *why;
} reasons[REASONS] = {
	[REASON_NONE] = { PLAN_ACT, "" },
	[REASON_TOLD] = { PLAN_DONE, "told this already" },
	[REASON_OPEN] = { PLAN_SKIP, "about to be told this by an earlier command" },
	[REASON_UNKNOWN] = { PLAN_HOLD, "perhaps told this already: the answer was lost, and a person must decide" },
	[REASON_BAD_ID] = { PLAN_HOLD, "bad worker id" },
	[REASON_HELD] = { PLAN_HOLD, "held, as its row is" },
	[REASON_SKIPPED] = { PLAN_SKIP, "skipped, as its row is (a bot, or filtered out)" },
};

struct addressee {
	char worker_id[ID_TEXT_MAX]; /* what does not fit is no worker's id, cut or not */
	int64_t row_id;  /* 0: named in the command */
	enum reason reason;
	int64_t refusals;
};

struct notice {
	struct ledger *ledger;
	const struct notice_params *params;
	const struct platform_message *limits;
	struct addressee *list;
	size_t count;
	size_t capacity;
	int64_t rows;
	int64_t last_row;
	int64_t counts[REASONS];
	char message[DIGEST_BASE32_MAX];
	char digest[PLAN_DIGEST_MAX];
};

void notice_free(struct notice *notice)
{
	if (!notice)
		return;
	free(notice->list);
	free(notice);
}

const char *notice_digest(const struct notice *notice)
{
	return notice->digest;
}

/* Gathering. */

static int make_room(struct notice *notice)
{
	size_t capacity = notice->capacity ? 2 * notice->capacity : 128;
	struct addressee *list;

	if (notice->count < notice->capacity)
		return 0;
	list = reallocarray(notice->list, capacity, sizeof(*list));
	if (!list)
		return -1;
	notice->list = list;
	notice->capacity = capacity;
	return 0;
}

static int add(struct notice *notice, const char *worker_id, int64_t row_id, enum reason reason, struct err *err)
{
	struct addressee *next;

	if (make_room(notice) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	next = &notice->list[notice->count++];
	*next = (struct addressee){ .row_id = row_id, .reason = reason };
	(void)snprintf(next->worker_id, sizeof(next->worker_id), "%s", worker_id);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct addressee *one = a, *other = b;
	int order = strcmp(one->worker_id, other->worker_id);

	if (order == 0)
		order = (one->reason > other->reason) - (one->reason < other->reason);
	return order ? order : (one->row_id > other->row_id) - (one->row_id < other->row_id);
}

/* Each worker once. */
static void unite(struct notice *notice)
{
	size_t kept = 0;

	if (notice->count > 0)
		qsort(notice->list, notice->count, sizeof(*notice->list), compare);
	for (size_t i = 0; i < notice->count; i++)
		if (kept == 0 || strcmp(notice->list[kept - 1].worker_id, notice->list[i].worker_id) != 0)
			notice->list[kept++] = notice->list[i];
	notice->count = kept;
}

static int unite_within_limit(struct notice *notice, struct err *err)
{
	unite(notice);
	if (notice->count <= NOTICE_WORKERS_MAX)
		return 0;
	(void)err_set(err, ERR_USAGE, "more than %d workers are too many for one command; nothing was done",
		      NOTICE_WORKERS_MAX);
	return err_hint(err, "select by room or HIT");
}

static int on_row(void *arg, const struct plan_row *row, struct err *err)
{
	static const enum reason of_verdicts[] = { [VERDICT_APPROVE] = REASON_NONE,
						   [VERDICT_REJECT] = REASON_NONE,
						   [VERDICT_HOLD] = REASON_HELD,
						   [VERDICT_SKIP] = REASON_SKIPPED };
	struct notice *notice = arg;
	enum reason reason = (unsigned)row->verdict <= VERDICT_SKIP ? of_verdicts[row->verdict] : REASON_HELD;

	notice->rows++;
	notice->last_row = row->id;
	if (row->worker_id)
		return add(notice, row->worker_id, row->id, reason, err);
	notice->counts[reason == REASON_NONE ? REASON_BAD_ID : reason]++;
	return 0;
}

static int gather_rows(struct notice *notice, struct err *err)
{
	int64_t before;

	do {
		before = notice->rows;
		if (plan_table_each_row(notice->ledger, &notice->params->rows, notice->last_row, ROWS_AT_ONCE, on_row,
					notice, err) < 0 ||
		    unite_within_limit(notice, err) < 0)
			return -1;
	} while (notice->rows - before == ROWS_AT_ONCE);
	if (notice->rows == 0 && notice->params->rows.has_selection)
		return err_set(err, ERR_NOT_FOUND,
			       "no row that was loaded is of that room, game, HIT, assignment or worker");
	return 0;
}

static int gather_named(struct notice *notice, struct err *err)
{
	struct json_object *workers = notice->params->workers;

	notice->rows = (int64_t)json_object_array_length(workers);
	for (size_t i = 0; i < json_object_array_length(workers); i++)
		if (add(notice, json_object_get_string(json_object_array_get_idx(workers, i)), 0, REASON_NONE, err) < 0)
			return -1;
	return unite_within_limit(notice, err);
}

/* Judging. */

static int judge(struct notice *notice, struct addressee *addressee, struct err *err)
{
	static const enum reason of_states[RECIPIENT_STATES] = { [RECIPIENT_OPEN] = REASON_OPEN,
								 [RECIPIENT_TOLD] = REASON_TOLD,
								 [RECIPIENT_UNKNOWN] = REASON_UNKNOWN };
	struct recipient_past past;

	if (addressee->reason != REASON_NONE)
		return 0;
	if (!is_worker_id(addressee->worker_id)) {
		addressee->reason = REASON_BAD_ID;
		return 0;
	}
	if (recipients_look_up(notice->ledger, addressee->worker_id, notice->message, &past, err) < 0)
		return -1;
	if (past.is_known)
		addressee->reason = of_states[past.state];
	addressee->refusals = past.refusals;
	return 0;
}

static void add_text(struct digest_stream *stream, const char *text)
{
	digest_stream_update(stream, text, strlen(text) + 1);
}

static int digest_all(struct notice *notice, struct err *err)
{
	struct digest_stream *stream = digest_stream_new();
	uint8_t digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_MAX];

	if (!stream)
		return err_set(err, ERR_INTERNAL, "out of memory");
	add_text(stream, notice->ledger->environment);
	add_text(stream, notice->params->subject);
	add_text(stream, notice->params->text);
	for (size_t i = 0; i < notice->count; i++)
		if (notice->list[i].reason == REASON_NONE)
			add_text(stream, notice->list[i].worker_id);
	digest_stream_finish(stream, digest);
	(void)snprintf(notice->digest, sizeof(notice->digest), "%.16s", digest_hex(digest, hex));
	return 0;
}

static int fill(struct notice *notice, struct err *err)
{
	if (!op_message(notice->params->subject, notice->params->text, notice->message))
		return err_set(err, ERR_INTERNAL, "out of memory");
	if ((notice->params->workers ? gather_named(notice, err) : gather_rows(notice, err)) < 0)
		return -1;
	for (size_t i = 0; i < notice->count; i++) {
		if (judge(notice, &notice->list[i], err) < 0)
			return -1;
		notice->counts[notice->list[i].reason]++;
	}
	return digest_all(notice, err);
}

struct notice *notice_new(struct ledger *ledger, const struct notice_params *params,
			  const struct platform_message *limits, struct err *err)
{
	struct notice *notice = calloc(1, sizeof(*notice));

	if (!notice) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	notice->ledger = ledger;
	notice->params = params;
	notice->limits = limits;
	if (fill(notice, err) == 0)
		return notice;
	notice_free(notice);
	return NULL;
}

/* Reporting. */

static struct json_object *list_actions(const struct notice *notice)
{
	struct json_object *actions = json_object_new_array(), *action;

	if (notice->counts[REASON_NONE] == 0)
		return actions;
	action = json_object_new_object();
	json_put_text(action, "kind", op_kind_name(OP_NOTIFY));
	json_put_int(action, "count", notice->counts[REASON_NONE]);
	json_put_int(action, "amount_cents", 0);
	json_put_int(action, "fees_cents", 0);
	json_put_bool(action, "fees_known", true);
	(void)json_object_array_add(actions, action);
	return actions;
}

static struct json_object *list_groups(const struct notice *notice)
{
	struct json_object *groups = json_object_new_array();

	for (int reason = REASON_NONE + 1; reason < REASONS; reason++) {
		struct json_object *group;

		if (notice->counts[reason] == 0)
			continue;
		group = json_object_new_object();
		json_put_text(group, "verdict", plan_verdict_name(reasons[reason].verdict));
		json_put_text(group, "kind", op_kind_name(OP_NOTIFY));
		json_put_int(group, "count", notice->counts[reason]);
		json_put_text(group, "why", reasons[reason].why);
		(void)json_object_array_add(groups, group);
	}
	return groups;
}

static struct json_object *describe_item(const struct addressee *addressee)
{
	struct json_object *item = json_object_new_object();

	json_put_value(item, "row", addressee->row_id ? json_object_new_int64(addressee->row_id) : NULL);
	json_put_text(item, "kind", op_kind_name(OP_NOTIFY));
	json_put_text(item, "worker_id", addressee->worker_id);
	json_put_text(item, "verdict", plan_verdict_name(reasons[addressee->reason].verdict));
	json_put_text(item, "why", reasons[addressee->reason].why);
	return item;
}

static void put_items(const struct notice *notice, struct json_object *out)
{
	struct json_object *items = json_object_new_array();
	int64_t end = notice->params->rows.items_offset, most = notice->params->rows.items_limit;

	for (; end < (int64_t)notice->count && end - notice->params->rows.items_offset < most; end++)
		(void)json_object_array_add(items, describe_item(&notice->list[end]));
	json_put_value(out, "items", items);
	json_put_value(out, "items_next_offset",
		       end < (int64_t)notice->count ? json_object_new_int64(end) : NULL);
}

/* "3 told this already, 1 bad worker id" */
static void write_reasons(const struct notice *notice, FILE *out)
{
	const char *comma = "";

	for (int reason = REASON_NONE + 1; reason < REASONS; reason++) {
		if (notice->counts[reason] == 0)
			continue;
		(void)fprintf(out, "%s%" PRId64 " %s", comma, notice->counts[reason], reasons[reason].why);
		comma = ", ";
	}
	if (!comma[0])
		(void)fputs("no worker is selected: load some results first", out);
}

/* The caller frees; NULL if memory runs out. */
static char *why_nothing(const struct notice *notice)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	write_reasons(notice, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int put_nothing(const struct notice *notice, struct json_object *out, struct err *err)
{
	bool nothing = notice->counts[REASON_NONE] == 0;
	char *why = nothing ? why_nothing(notice) : NULL;

	if (nothing && !why)
		return err_set(err, ERR_INTERNAL, "out of memory");
	json_put_bool(out, "nothing_to_do", nothing);
	json_put_text(out, "why", why);
	free(why);
	return 0;
}

/* Bytes of the first line of `text`, as far as it is worth showing. */
static size_t measure_line(const char *text)
{
	size_t bytes = strcspn(text, "\r\n"), at = 0;

	for (size_t characters = 0; at < bytes; at++)
		/* A continuation byte (10xxxxxx) begins no character. */
		if (((unsigned char)text[at] & 0xc0) != 0x80 && characters++ == LINE_SHOWN)
			break;
	return at;
}

static void put_message(const struct notice *notice, struct json_object *out)
{
	const char *text = notice->params->text + strspn(notice->params->text, "\r\n");
	size_t chunk = notice->limits->workers_max;

	json_put_text(out, "subject", notice->params->subject);
	json_put_value(out, "first_line", json_object_new_string_len(text, (int)measure_line(text)));
	json_put_int(out, "characters", (int64_t)utf8_length(notice->params->text));
	json_put_int(out, "requests", (notice->counts[REASON_NONE] + (int64_t)chunk - 1) / (int64_t)chunk);
}

struct json_object *notice_describe(const struct notice *notice, struct err *err)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "digest", notice->digest);
	json_put_int(out, "rows", notice->rows);
	json_put_int(out, "workers", notice->counts[REASON_NONE]);
	put_message(notice, out);
	json_put_value(out, "actions", list_actions(notice));
	json_put_value(out, "groups", list_groups(notice));
	json_put_int(out, "total_cents", 0);
	json_put_int(out, "total_fees_cents", 0);
	json_put_value(out, "warnings", json_object_new_array());
	if (notice->params->rows.wants_items)
		put_items(notice, out);
	if (put_nothing(notice, out, err) == 0)
		return out;
	json_object_put(out);
	return NULL;
}

/* Recording. */

static int record_chunk(const struct notice *notice, int64_t batch_id, struct json_object *workers, int64_t refusals,
			struct err *err)
{
	struct op op = { .kind = OP_NOTIFY,
			 .state = OP_PLANNED,
			 .batch_id = batch_id,
			 .integer_value = refusals,
			 .subject = strdup(notice->params->subject),
			 .text = strdup(notice->params->text),
			 .workers = strdup(json_text(workers, NULL)) };
	int result = op.subject && op.text && op.workers ? operation_insert(notice->ledger, &op, err)
							 : err_set(err, ERR_INTERNAL, "out of memory");

	op_finish(&op);
	if (result == 0)
		return err_set(err, ERR_STATE, "the ledger has a notification to the very same workers already");
	return result < 0 ? -1 : 0;
}

/* The next chunk from list[*at] on, which is moved past it; *workers is empty if nobody is left. */
static int64_t take_chunk(const struct notice *notice, size_t *at, struct json_object *workers)
{
	int64_t refusals = 0;

	for (; *at < notice->count && json_object_array_length(workers) < notice->limits->workers_max; ++*at) {
		const struct addressee *addressee = &notice->list[*at];

		if (addressee->reason != REASON_NONE)
			continue;
		(void)json_object_array_add(workers, json_object_new_string(addressee->worker_id));
		if (addressee->refusals > refusals)
			refusals = addressee->refusals;
	}
	return refusals;
}

static int record_chunks(struct notice *notice, int64_t batch_id, int64_t *operations, struct err *err)
{
	size_t at = 0;
	int result = 0;

	while (result == 0 && at < notice->count) {
		struct json_object *workers = json_object_new_array();
		int64_t refusals = take_chunk(notice, &at, workers);

		if (json_object_array_length(workers) > 0) {
			result = record_chunk(notice, batch_id, workers, refusals, err);
			*operations += result == 0;
		}
		json_object_put(workers);
	}
	return result;
}

static int record_batch(struct notice *notice, const struct actor *actor, int64_t *batch_id, int64_t *operations,
			struct err *err)
{
	struct ledger *ledger = notice->ledger;
	char *command = notice_params_describe(notice->params);
	int64_t acting = ledger->acting_batch;
	int result;

	if (!command)
		return err_set(err, ERR_INTERNAL, "out of memory");
	result = batch_begin(ledger, actor, command, notice->digest, batch_id, err);
	free(command);
	ledger->acting_batch = result == 0 ? *batch_id : acting;
	if (result == 0)
		result = record_chunks(notice, *batch_id, operations, err);
	ledger->acting_batch = acting;
	return result == 0 ? batch_finish(ledger, *batch_id, err) : -1;
}

int notice_record(struct notice *notice, const struct actor *actor, int64_t *batch_id, int64_t *operations,
		  struct err *err)
{
	*batch_id = *operations = 0;
	if (notice->counts[REASON_NONE] == 0)
		return 0;
	if (store_savepoint(notice->ledger->store, err) < 0)
		return -1;
	if (record_batch(notice, actor, batch_id, operations, err) == 0)
		return store_release(notice->ledger->store, err);
	store_rollback_savepoint(notice->ledger->store);
	*batch_id = *operations = 0;
	return -1;
}

struct json_object *notice_describe_recorded(const struct notice *notice, int64_t batch_id, int64_t operations,
					     struct err *err)
{
	struct json_object *out = json_object_new_object();

	json_put_value(out, "batch", batch_id ? json_object_new_int64(batch_id) : NULL);
	json_put_int(out, "operations", operations);
	if (put_nothing(notice, out, err) == 0)
		return out;
	json_object_put(out);
	return NULL;
}
