/* SPDX-License-Identifier: MIT */
#include "queue_page.h"

#include <inttypes.h>
#include <string.h>

#include "output.h"
#include "protocol.h"
#include "table.h"

static struct json_object *call_list(struct session *session, struct json_object *select, const char *purpose,
				     int64_t offset, struct err *err)
{
	struct json_object *params = json_object_new_object();

	json_put_text(params, "what", "list");
	if (select)
		json_put_value(params, "select", json_object_get(select));
	if (purpose)
		json_put_text(params, "for", purpose);
	json_put_int(params, "offset", offset);
	json_put_int(params, "limit", PROTOCOL_PAGE_MAX);
	return session_call(session, "queue", params, SESSION_SOON_MS, err);
}

int queue_page_each(struct session *session, struct json_object *select, const char *purpose,
		    void (*on_page)(void *arg, struct json_object *page), void *arg, struct err *err)
{
	int64_t offset = 0, next = 0;

	while (next >= 0) {
		struct json_object *page = call_list(session, select, purpose, offset = next, err);

		if (!page)
			return -1;
		on_page(arg, page);
		next = output_int(page, "next_offset", -1);
		json_object_put(page);
		if (next <= offset)
			next = -1;
	}
	return 0;
}

struct json_object *queue_page_one(struct session *session, int64_t id, struct err *err)
{
	struct json_object *params = json_object_new_object();

	json_put_text(params, "what", "show");
	json_put_int(params, "id", id);
	return session_call(session, "queue", params, SESSION_SOON_MS, err);
}

const char *queue_page_state(struct json_object *operation, char out[QUEUE_STATE_MAX])
{
	const char *hold = output_text(operation, "hold", NULL);

	out[0] = '\0';
	output_append(out, QUEUE_STATE_MAX, "%.20s", output_text(operation, "state", "?"));
	if (hold)
		output_append(out, QUEUE_STATE_MAX, " (%.20s)", hold);
	return out;
}

static void add_amount(struct table *table, struct json_object *operation)
{
	char amount[MONEY_TEXT_MAX];
	int64_t cents = output_int(operation, "amount_cents", 0);

	table_add_text(table, cents ? money_display(cents, amount) : "");
}

/* The worker, the HIT, or what has no id yet. */
static const char *about(struct json_object *operation)
{
	const char *worker = output_text(operation, "worker_id", NULL);

	return worker ? worker : output_text(operation, "hit_id", output_text(operation, "subject", NULL));
}

static void add_operation(struct table *table, struct json_object *operation)
{
	const char *until = output_text(operation, "held_until", NULL), *why = output_text(operation, "why", "");
	char state[QUEUE_STATE_MAX];

	table_add(table, "%" PRId64, output_int(operation, "id", 0));
	table_add_text(table, output_text(operation, "kind", "?"));
	table_add_text(table, about(operation));
	add_amount(table, operation);
	table_add_text(table, queue_page_state(operation, state));
	table_add_text(table, output_text(operation, "at", NULL));
	table_add_text(table, output_text(operation, "user", NULL));
	if (until)
		table_add(table, "%s (until %s)", why, until);
	else
		table_add_text(table, why);
}

void queue_page_print(FILE *out, struct json_object *operations, size_t most)
{
	static const char *const titles[] = { "id", "kind", "about", "amount", "state", "since", "by", "why" };
	size_t n = operations ? json_object_array_length(operations) : 0;
	struct table *table = table_new("rllrllll");

	for (size_t i = 0; n > 0 && i < sizeof(titles) / sizeof(titles[0]); i++)
		table_add_text(table, titles[i]);
	for (size_t i = 0; i < n && i < most; i++)
		add_operation(table, json_object_array_get_idx(operations, i));
	table_print(table, out, "");
	table_free(table);
	if (n > most)
		(void)fprintf(out, "... and %zu more\n", n - most);
}

const char *queue_page_total(struct json_object *total, char out[QUEUE_TOTAL_MAX])
{
	int64_t count = output_int(total, "count", 0), cents = output_int(total, "amount_cents", 0);
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];

	out[0] = '\0';
	output_append(out, QUEUE_TOTAL_MAX, "%" PRId64 " %s", count, output_plural(count, "operation", "operations"));
	if (cents)
		output_append(out, QUEUE_TOTAL_MAX, ", %s + %s fees", money_display(cents, amount),
			      money_display(output_int(total, "fees_cents", 0), fees));
	return out;
}
