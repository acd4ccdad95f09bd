/* SPDX-License-Identifier: MIT */
#include "deadlines.h"

#include <string.h>

/* MTurk's reference of ApproveAssignment: 30 days from the submission. */
#define UNREJECT_S (INT64_C(30) * 24 * 3600)

/* The numbers in the statements, and in the triggers and indexes of migrations.c. */
_Static_assert(ASSIGNMENT_SUBMITTED == 2 && ASSIGNMENT_APPROVED == 3 && ASSIGNMENT_REJECTED == 4 && OP_APPROVE == 0 &&
		       OP_REJECT == 1 && OP_BONUS == 2 && OP_CREATE_HIT == 5 && OP_EXTEND_HIT == 6 &&
		       OP_EXPIRE_HIT == 7 && OP_DONE == 6,
	       "numbers of the ledger");

/* Each gives time and subject, the soonest first, of what is after ?1; ?2 of them at most. */
struct kind {
	const char *what;
	int64_t (*after_s)(const struct platform *platform); /* from the time in the ledger to the deadline */
	const char *sql;
};

static int64_t at_once(const struct platform *platform)
{
	(void)platform;
	return 0;
}

static int64_t unreject_s(const struct platform *platform)
{
	(void)platform;
	return UNREJECT_S;
}

static int64_t token_s(const struct platform *platform)
{
	return platform->class->token_life_s;
}

static const struct kind kinds[] = {
	{ "auto-approval", at_once,
	  "SELECT auto_approval_s, assignment_id FROM assignment_fact INDEXED BY assignment_fact_waiting"
	  " WHERE status = 2 AND decided = 0 AND auto_approval_s > ?1 ORDER BY auto_approval_s LIMIT ?2" },
	{ "un-reject", unreject_s,
	  "SELECT submitted_s, assignment_id FROM assignment_fact INDEXED BY assignment_fact_rejected"
	  " WHERE decided = 4 AND submitted_s > ?1 ORDER BY submitted_s LIMIT ?2" },
	{ "token", token_s,
	  "SELECT first_sent_s, id FROM operation INDEXED BY operation_doubtful"
	  " WHERE doubtful = 1 AND state < 6 AND first_sent_s > ?1 AND kind IN (2, 5, 6)"
	  " ORDER BY first_sent_s LIMIT ?2" },
	{ "hit-expiry", at_once,
	  "SELECT h.expires_s, h.hit_id FROM meta m JOIN hit_fact h ON h.hit_id = m.value AND h.known = 1"
	  " WHERE m.key = 'hit' AND h.expires_s > ?1 LIMIT ?2" },
};

static struct json_object *describe_first(const struct kind *kind, struct statement *get, int64_t after_s)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "what", kind->what);
	json_put_time(out, "at", statement_int(get, 0) + after_s);
	json_put_text(out, "next_subject", statement_text(get, 1));
	return out;
}

/* NULL: there is none, or it cannot be read. */
static struct json_object *describe(struct ledger *ledger, const struct kind *kind, int64_t after_s, int64_t now_s)
{
	struct statement *get = store_statement(ledger->store, kind->sql, NULL);
	struct json_object *out = NULL;
	int64_t count = 0;

	if (!get)
		return NULL;
	statement_bind_int(get, 1, now_s - after_s);
	statement_bind_int(get, 2, DEADLINES_COUNTED_MAX);
	for (; statement_step(get, NULL) == 1; count++)
		if (!out)
			out = describe_first(kind, get, after_s);
	if (!out)
		return NULL;
	json_put_int(out, "count", count);
	json_put_bool(out, "is_cut", count == DEADLINES_COUNTED_MAX);
	return out;
}

/* RFC 3339 in UTC sorts as text. */
static int soonest_first(const void *a, const void *b)
{
	struct json_object *one, *other;
	const char *at = "", *other_at = "";

	memcpy(&one, a, sizeof(struct json_object *));
	memcpy(&other, b, sizeof(struct json_object *));
	(void)json_get_text(one, "at", &at);
	(void)json_get_text(other, "at", &other_at);
	return strcmp(at, other_at);
}

struct json_object *deadlines_describe(struct ledger *ledger, const struct platform *platform)
{
	struct json_object *list = json_object_new_array();
	int64_t now_s;

	(void)platform->class->now_s(platform, &now_s);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int64_t after_s = kinds[i].after_s(platform);
		struct json_object *one = describe(ledger, &kinds[i], after_s, now_s);

		if (one)
			(void)json_object_array_add(list, one);
	}
	json_object_array_sort(list, soonest_first);
	return list;
}
