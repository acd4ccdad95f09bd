/* SPDX-License-Identifier: MIT
 *
 * What errands would do, with what the ledger and the platform know, and how they are recorded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "errand_plan.h"
#include "ledger_fixture.h"
#include "mturk.h"

#define TYPE "3NGMTQUALTYPE00001"
#define NOW 1800000000
#define HOUR 3600
#define HIT                                                                                                   \
	"\"hit\":{\"title\":\"Game\",\"description\":\"Play\",\"reward_cents\":100,\"max_assignments\":20," \
	"\"lifetime_s\":3600,\"duration_s\":600,\"question\":{\"url\":\"https://example.org\"}}"
#define CREATE "{\"errand\":\"create-hit\"," HIT "}"
#define ROUNDS "{\"errand\":\"create-hit\"," HIT ",\"rounds\":true}"
#define BLOCK "{\"errand\":\"block\",\"workers\":[\"" W1 "\"],\"reason\":\"spam\"}"
#define UNBLOCK "{\"errand\":\"unblock\",\"workers\":[\"" W1 "\"]}"

static const struct platform_class class = { .title = "MTurk", .small_hit_max = 9, .fee_minor = mturk_fee };
static const struct actor actor = { .user = "ada", .uid = 1000, .pid = 77 };

/* One errand, and what it would do. */
struct errand_case {
	struct errand_params params;
	struct budget budget;
	struct errand_target target;
	struct errand_plan *plan;
	int64_t available;
	struct err err;
};

static const struct errand_target usual = { .hit = { .hit_id = H1,
						       .title = "Game",
						       .status = "Assignable",
						       .reward_minor = 100,
						       .max_assignments = 7,
						       .available = 7,
						       .expires_s = NOW + HOUR } };

static void plan_init(struct errand_case *c, struct book *book, const char *text, const struct errand_target *target)
{
	struct json_object *params = json_parse(text, strlen(text), &c->err);
	struct errand_terms terms;

	*c = (struct errand_case){ .available = 100000 };
	c->budget.limits = (struct budget_limits){ .daily_minor = -1, .total_minor = -1, .floor_minor = -1 };
	assert_non_null(params);
	book_must(errand_params_read(&c->params, params, &c->err), &c->err);
	json_object_put(params);
	c->target = target ? *target : usual;
	terms = (struct errand_terms){ .ledger = book->ledger,
				       .class = &class,
				       .params = &c->params,
				       .hit_id = H1,
				       .qualification_type_id = TYPE,
				       .integer_value = 1,
				       .now_s = NOW,
				       .target = errand_changes_hit(c->params.errand) ? &c->target : NULL,
				       .budget = &c->budget,
				       .available_minor = &c->available };
	c->plan = errand_plan_new(&terms, &c->err);
}

static void plan_finish(struct errand_case *c)
{
	errand_plan_free(c->plan);
	errand_params_finish(&c->params);
}

/* A member of the description, or of its first item with "items.", as JSON. */
static void expect(struct book *book, const char *text, const struct errand_target *target, const char *key,
		   const char *expected)
{
	bool of_item = strncmp(key, "items.", 6) == 0;
	struct json_object *out, *from, *member = NULL;
	struct errand_case c;

	plan_init(&c, book, text, target);
	if (!c.plan)
		fail_msg("%s: %s", text, c.err.message);
	out = errand_plan_describe(c.plan);
	from = of_item ? json_object_array_get_idx(json_get_array(out, "items"), 0) : out;
	(void)json_object_object_get_ex(from, of_item ? key + 6 : key, &member);
	assert_string_equal(json_text(member, NULL), expected);
	json_object_put(out);
	plan_finish(&c);
}

static void expect_item(struct book *book, const char *text, const struct errand_target *target, const char *verdict,
			const char *why)
{
	char expected[400];

	(void)snprintf(expected, sizeof(expected), "\"%s\"", verdict);
	expect(book, text, target, "items.verdict", expected);
	(void)snprintf(expected, sizeof(expected), "\"%s\"", why);
	expect(book, text, target, "items.why", expected);
}

/* Returns the batch. */
static int64_t record(struct book *book, const char *text, const struct errand_target *target)
{
	int64_t batch_id, operations;
	struct errand_case c;

	plan_init(&c, book, text, target);
	assert_non_null(c.plan);
	book_must(errand_plan_record(c.plan, &actor, &batch_id, &operations, &c.err), &c.err);
	plan_finish(&c);
	return batch_id;
}

static void set_done(struct book *book)
{
	book_execute(book, "UPDATE operation SET state = 6, changed_s = 1800000000,"
			   " hit_id = coalesce(hit_id, '" H1 "')");
}

/* HITs. */

static void test_cost(void **state)
{
	struct book *book = *state;

	expect(book, CREATE, NULL, "cost",
	       "{\"amount_cents\":2000,\"fee_cents\":800,\"total_cents\":2800,\"saved_cents\":0}");
	expect(book, CREATE, NULL, "notes",
	       "[\"as 3 HITs of at most 9 assignments (--rounds) it would cost $4.00 less\"]");
	expect(book, CREATE, NULL, "title", "\"create a HIT \\\"Game\\\" with 20 assignments of $1.00\"");
	expect(book, CREATE, NULL, "balance", "{\"available_cents\":100000,\"after_cents\":97200}");
	expect(book, ROUNDS, NULL, "cost",
	       "{\"amount_cents\":2000,\"fee_cents\":400,\"total_cents\":2400,\"saved_cents\":400}");
	expect(book, ROUNDS, NULL, "title", "\"create 3 HITs \\\"Game\\\" with 20 assignments of $1.00 in all\"");
	expect(book, ROUNDS, NULL, "go", "3");
	expect(book, ROUNDS, NULL, "items.subject", "\"1/3\"");
	expect(book, BLOCK, NULL, "cost", "null");
}

static void test_created_once(void **state)
{
	static const char other[] = "{\"errand\":\"create-hit\"," HIT ",\"purpose\":\"two\"}";
	struct book *book = *state;

	assert_true(record(book, CREATE, NULL) > 0);
	expect_item(book, CREATE, NULL, "done", "on its way already (planned, operation 1)");
	assert_int_equal(record(book, CREATE, NULL), 0);
	set_done(book);
	expect_item(book, CREATE, NULL, "done",
		    "created already on 2027-01-15T08:00:00Z as " H1
		    " (operation 1); another occasion needs a --purpose");
	expect(book, CREATE, NULL, "cost",
	       "{\"amount_cents\":0,\"fee_cents\":0,\"total_cents\":0,\"saved_cents\":0}");
	expect_item(book, other, NULL, "go", "");
	assert_true(record(book, other, NULL) > 0);
	assert_int_equal(book_number(book, "SELECT count(DISTINCT token) FROM operation WHERE kind = 5"), 2);
	expect(book, ROUNDS, NULL, "go", "3");
}

static void test_doubt_and_holds(void **state)
{
	struct book *book = *state;

	assert_true(record(book, CREATE, NULL) > 0);
	book_execute(book, "UPDATE operation SET state = 1, hold = 4, doubtful = 1, why = 'lost'");
	expect_item(book, CREATE, NULL, "refuse",
		    "perhaps created already: lost; look, and say so: ngmtctl queue resolve 1");
	book_execute(book, "UPDATE operation SET hold = 2, doubtful = 0, why = 'beyond total_budget'");
	expect_item(book, CREATE, NULL, "refuse",
		    "held: beyond total_budget; to go on: ngmtctl queue release 1");
	book_execute(book, "UPDATE operation SET state = 8, hold = 0");
	expect_item(book, CREATE, NULL, "refuse",
		    "taken back by a person; to go on: ngmtctl queue release 1 --cancelled");
	book_execute(book, "UPDATE operation SET state = 7, why = 'MTurk says no'");
	expect_item(book, CREATE, NULL, "go", "again, after it was refused: MTurk says no");
	assert_true(record(book, CREATE, NULL) > 0);
	assert_int_equal(book_number(book, "SELECT count(*) FROM operation"), 1);
	assert_int_equal(book_number(book, "SELECT state FROM operation"), 0);
}

static void test_nothing_to_record(void **state)
{
	struct book *book = *state;
	int64_t batch_id, operations;
	struct errand_case c;

	assert_true(record(book, CREATE, NULL) > 0);
	book_execute(book, "UPDATE operation SET state = 8");
	plan_init(&c, book, CREATE, NULL);
	assert_int_equal(errand_plan_record(c.plan, &actor, &batch_id, &operations, &c.err), -1);
	assert_int_equal(c.err.code, ERR_STATE);
	plan_finish(&c);
}

static void test_funds_and_budgets(void **state)
{
	struct errand_case c;
	struct errand_terms terms;
	struct json_object *out;

	plan_init(&c, *state, ROUNDS, NULL);
	errand_plan_free(c.plan);
	c.budget.limits.total_minor = 2200;
	c.available = 1000;
	terms = (struct errand_terms){ .ledger = ((struct book *)*state)->ledger,
				       .class = &class,
				       .params = &c.params,
				       .now_s = NOW,
				       .budget = &c.budget,
				       .available_minor = &c.available,
				       .paused = "paused by anna" };
	c.plan = errand_plan_new(&terms, &c.err);
	assert_non_null(c.plan);
	out = errand_plan_describe(c.plan);
	/* 10.80, 10.80 and 2.40 within 22.00: the third is too much. */
	assert_string_equal(json_text(json_get_array(out, "notes"), NULL),
			    "[\"a worker may take an assignment of each of these HITs: a qualification that must not "
			    "exist, granted to everybody who was there, keeps them to one\","
			    "\"1 of 3 will be held for a limit, until somebody releases it: ngmtctl queue release\","
			    "\"the balance is $14.00 short: it will wait until there is more\","
			    "\"it will have to wait: paused by anna\"]");
	assert_string_equal(json_text(json_object_array_get_idx(json_get_array(out, "items"), 2), NULL),
			    "{\"verdict\":\"go\",\"kind\":\"create-hit\",\"subject\":\"3/3\",\"why\":\"will be held: "
			    "beyond total_budget ($22.00, fees included)\",\"amount_cents\":200,\"fee_cents\":40}");
	json_object_put(out);
	plan_finish(&c);
}

/* Changes. */

#define EXTEND(members) "{\"errand\":\"extend-hit\"," members "}"
#define EXPIRE "{\"errand\":\"expire-hit\"}"
#define DELETE "{\"errand\":\"delete-hit\",\"hit_id\":\"" H1 "\"}"
#define NEVER_MORE "MTurk never lets a HIT of 9 or fewer have more than 9: "
#define ANOTHER "; for more make another HIT (ngmtctl hit create, with --rounds or --purpose)"

static void test_extension(void **state)
{
	struct book *book = *state;
	struct errand_target nine = usual, ten = usual;

	nine.hit.max_assignments = 9;
	ten.hit.max_assignments = 10;
	expect_item(book, EXTEND("\"assignments\":2"), NULL, "go", "");
	expect(book, EXTEND("\"assignments\":2"), NULL, "cost",
	       "{\"amount_cents\":200,\"fee_cents\":40,\"total_cents\":240,\"saved_cents\":0}");
	expect(book, EXTEND("\"assignments\":2"), &ten, "cost",
	       "{\"amount_cents\":200,\"fee_cents\":80,\"total_cents\":280,\"saved_cents\":0}");
	expect(book, EXTEND("\"assignments\":2"), NULL, "title", "\"add 2 assignments to HIT " H1 " \\\"Game\\\"\"");
	expect_item(book, EXTEND("\"assignments\":3"), NULL, "refuse",
		    "it has 7 assignments, and " NEVER_MORE "2 at most can be added" ANOTHER);
	expect_item(book, EXTEND("\"assignments\":1"), &nine, "refuse",
		    "it has 9 assignments, and " NEVER_MORE "none can be added" ANOTHER);
	expect_item(book, EXTEND("\"assignments\":999999991"), &ten, "refuse",
		    "no HIT has more than 1000000000 assignments");
	expect(book, EXTEND("\"assignments\":3,\"time_s\":60"), NULL, "go", "0");
	expect(book, EXTEND("\"assignments\":3,\"time_s\":60"), NULL, "refused", "2");
	expect(book, EXTEND("\"assignments\":2,\"time_s\":60"), NULL, "go", "2");
	expect(book, EXTEND("\"assignments\":2,\"time_s\":60"), NULL, "new_expires_at", "\"2027-01-15T09:01:00Z\"");
}

static void test_extension_twice(void **state)
{
	static const char two[] = EXTEND("\"assignments\":2"), one[] = EXTEND("\"assignments\":1");
	struct errand_target after = usual;
	struct book *book = *state;

	assert_true(record(book, two, NULL) > 0);
	book_expect_text(book, "SELECT key FROM operation", "extend-hit/" H1 "/7/2");
	expect_item(book, two, NULL, "done", "on its way already (planned, operation 1)");
	expect_item(book, one, NULL, "refuse",
		    "another change of this kind to the HIT is on its way or in doubt (operation 1): wait until it is "
		    "settled, or see \\\"ngmtctl queue show 1\\\"");
	set_done(book);
	expect_item(book, two, NULL, "done", "extended already on 2027-01-15T08:00:00Z (operation 1)");
	after.hit.max_assignments = 8;
	expect_item(book, one, &after, "go", "");
}

static void test_more_time(void **state)
{
	struct book *book = *state;
	struct errand_target past = usual;

	past.hit.expires_s = NOW - HOUR;
	past.hit.available = 3;
	expect_item(book, EXTEND("\"time_s\":3600"), NULL, "go", "");
	expect(book, EXTEND("\"time_s\":3600"), NULL, "title",
	       "\"put off the end of HIT " H1 " \\\"Game\\\" to 2027-01-15T10:00:00Z\"");
	expect_item(book, EXTEND("\"time_s\":31536000"), NULL, "refuse",
		    "it would end on 2028-01-15T09:00:00Z: at most 365 days ahead are possible");
	expect_item(book, EXTEND("\"time_s\":3600"), &past, "refuse",
		    "it expired on 2027-01-15T07:00:00Z: so much later is still past; to open it again put its end off "
		    "by more than 3600 seconds");
	expect_item(book, EXTEND("\"time_s\":3601"), &past, "go", "");
	expect(book, EXTEND("\"time_s\":3601"), &past, "notes",
	       "[\"it has expired: workers can come again, and MTurk sets aside $3.00 + $0.60 fees anew for the 3 "
	       "assignments that nobody has taken\"]");
	expect(book, EXTEND("\"assignments\":1"), &past, "notes",
	       "[\"it has expired: nobody can take the new assignments before its end is put off (--time)\"]");
	assert_true(record(book, EXTEND("\"time_s\":3601"), &past) > 0);
	book_expect_text(book, "SELECT key FROM operation", "expire-hit/" H1 "/1799996400/1800000001");
}

static void test_expiry(void **state)
{
	struct book *book = *state;
	struct errand_target past = usual, busy = usual;

	past.hit.expires_s = NOW;
	busy.hit.pending = 2;
	expect_item(book, EXPIRE, NULL, "go", "");
	expect_item(book, EXPIRE, &past, "done", "it expired already on 2027-01-15T08:00:00Z");
	expect(book, EXPIRE, &busy, "notes", "[\"2 workers work on it and can still hand in\"]");
	expect(book, EXPIRE, NULL, "hit",
	       "{\"hit_id\":\"" H1 "\",\"title\":\"Game\",\"status\":\"Assignable\",\"reward_cents\":100,"
	       "\"max_assignments\":7,\"pending\":0,\"available\":7,\"completed\":0,"
	       "\"expires_at\":\"2027-01-15T09:00:00Z\"}");
	assert_true(record(book, EXPIRE, NULL) > 0);
	book_expect_text(book, "SELECT key FROM operation", "expire-hit/" H1 "/1800003600/0");
	expect_item(book, EXPIRE, NULL, "done", "on its way already (planned, operation 1)");
}

static void test_deletion(void **state)
{
	static const struct {
		const char *status;
		int64_t pending, undecided;
		const char *verdict, *why;
	} cases[] = {
		{ "Reviewable", 0, 0, "go", "" },
		{ "Disposed", 0, 0, "done", "it is deleted already" },
		{ "Assignable", 0, 0, "refuse",
		  "workers can still take it (Assignable): expire it first (ngmtctl expire " H1 ")" },
		{ "Unassignable", 1, 0, "refuse", "1 worker works on it still: wait until they have handed in" },
		{ "Reviewable", 0, 2, "refuse",
		  "2 assignments are neither approved nor rejected: decide first (ngmtctl approve --hit " H1 ")" },
		{ "Unassignable", 0, 0, "refuse", "it is Unassignable, and only what is Reviewable can be deleted" },
		{ "Novel", 0, 0, "go", "" },
	};
	struct book *book = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct errand_target target = usual;

		target.hit.status = cases[i].status;
		target.hit.pending = cases[i].pending;
		target.undecided = cases[i].undecided;
		target.rejected = 1;
		expect_item(book, DELETE, &target, cases[i].verdict, cases[i].why);
		expect(book, DELETE, &target, "notes",
		       strcmp(cases[i].verdict, "go") == 0
			       ? "[\"1 assignment is rejected: after this nobody can approve it any more\"]"
			       : "[]");
	}
}

static void test_no_such_hit(void **state)
{
	static const struct errand_target none = { .undecided = 0 };
	struct book *book = *state;
	struct errand_target reviewable = usual;
	struct errand_case c;

	plan_init(&c, book, EXPIRE, &none);
	assert_null(c.plan);
	assert_int_equal(c.err.code, ERR_NOT_FOUND);
	assert_string_equal(c.err.message, "there is no HIT \"" H1 "\" in this account");
	plan_finish(&c);
	reviewable.hit.status = "Reviewable";
	assert_true(record(book, DELETE, &reviewable) > 0);
	set_done(book);
	plan_init(&c, book, EXPIRE, &none);
	assert_null(c.plan);
	assert_string_equal(c.err.message, "there is no HIT \"" H1 "\" in this account: it was deleted");
	plan_finish(&c);
}

/* People. */

static void test_block_and_back(void **state)
{
	struct book *book = *state;

	for (int round = 0; round < 3; round++) {
		expect_item(book, BLOCK, NULL, "go", "");
		assert_true(record(book, BLOCK, NULL) > 0);
		assert_int_equal(record(book, BLOCK, NULL), 0);
		expect(book, UNBLOCK, NULL, "items.verdict", "\"refuse\"");
		set_done(book);
		expect(book, BLOCK, NULL, "items.verdict", "\"done\"");
		assert_true(record(book, UNBLOCK, NULL) > 0);
		set_done(book);
		expect(book, UNBLOCK, NULL, "items.verdict", "\"done\"");
	}
	book_expect_text(book, "SELECT group_concat(key, ' ') FROM (SELECT key FROM operation ORDER BY id)",
			 "block/" W1 "/0 unblock/" W1 "/1 block/" W1 "/2 unblock/" W1 "/3 block/" W1 "/4 unblock/" W1
			 "/5");
	book_expect_text(book, "SELECT text FROM operation WHERE id = 1", "spam");
}

static void test_refused_block(void **state)
{
	struct book *book = *state;

	assert_true(record(book, BLOCK, NULL) > 0);
	book_execute(book, "UPDATE operation SET state = 7, why = 'no such worker'");
	expect_item(book, BLOCK, NULL, "go", "");
	assert_true(record(book, BLOCK, NULL) > 0);
	book_execute(book, "UPDATE operation SET state = 1, hold = 5, why = 'held by ada' WHERE id = 2");
	expect_item(book, BLOCK, NULL, "refuse", "held: held by ada; to go on: ngmtctl queue release 2");
}

static void test_grants(void **state)
{
	static const char one[] = "{\"errand\":\"grant\",\"workers\":[\"" W1 "\",\"" W2 "\",\"" W1 "\",\"bad\"]}";
	static const char revoke[] = "{\"errand\":\"revoke\",\"workers\":[\"" W1 "\"],\"reason\":\"thanks\"}";
	struct book *book = *state;

	expect(book, one, NULL, "title",
	       "\"grant qualification " TYPE " with value 1 to 3 workers, who are not told\"");
	expect(book, one, NULL, "go", "2");
	expect(book, one, NULL, "refused", "1");
	assert_true(record(book, one, NULL) > 0);
	book_expect_text(book, "SELECT group_concat(key, ' ') FROM operation",
			 "qualify/" TYPE "/" W1 "/1 qualify/" TYPE "/" W2 "/1");
	set_done(book);
	expect(book, one, NULL, "done", "2");
	assert_true(record(book, revoke, NULL) > 0);
	set_done(book);
	assert_true(record(book, one, NULL) > 0);
	book_expect_text(book, "SELECT group_concat(key, ' ') FROM operation WHERE id > 2",
			 "revoke/" TYPE "/" W1 "/1 qualify/" TYPE "/" W1 "/1/2");
}

static void test_type(void **state)
{
	static const char create[] = "{\"errand\":\"create-qualification\",\"name\":\"Was/there\"}";
	struct book *book = *state;

	expect(book, create, NULL, "title", "\"create the qualification type \\\"Was/there\\\"\"");
	assert_true(record(book, create, NULL) > 0);
	book_expect_text(book, "SELECT subject || text FROM operation", "Was/there{\"description\":\"Was/there\"}");
	book_expect_text(book, "SELECT command FROM batch ORDER BY id DESC",
			 "create the qualification type \"Was/there\"");
	assert_int_equal(record(book, create, NULL), 0);
}

static void test_digest(void **state)
{
	static const struct {
		const char *params;
		bool same;
	} cases[] = {
		{ "{\"errand\":\"grant\",\"workers\":[\"" W1 "\"]}", true },
		{ "{\"errand\":\"grant\",\"workers\":[\"" W1 "\",\"" W1 "\"],\"digest\":\"x\"}", true },
		{ "{\"errand\":\"grant\",\"workers\":[\"" W2 "\"]}", false },
		{ "{\"errand\":\"revoke\",\"workers\":[\"" W1 "\"]}", false },
		{ CREATE, false },
		{ EXPIRE, false },
	};
	char first[20] = "";

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct errand_case c;

		plan_init(&c, *state, cases[i].params, NULL);
		assert_int_equal(strlen(errand_plan_digest(c.plan)), 16);
		if (i == 0)
			(void)snprintf(first, sizeof(first), "%s", errand_plan_digest(c.plan));
		assert_int_equal(strcmp(first, errand_plan_digest(c.plan)) == 0, cases[i].same);
		plan_finish(&c);
	}
}

/* Workers who come and go change nothing of what was confirmed; money does. */
static void test_digest_of_a_hit(void **state)
{
	static const struct {
		int64_t max_assignments, reward, pending;
		bool same;
	} cases[] = { { 7, 100, 0, true }, { 7, 100, 3, true }, { 6, 100, 0, false }, { 7, 101, 0, false } };
	char first[20] = "";

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct errand_target target = usual;
		struct errand_case c;

		target.hit.max_assignments = cases[i].max_assignments;
		target.hit.reward_minor = cases[i].reward;
		target.hit.pending = cases[i].pending;
		plan_init(&c, *state, EXTEND("\"assignments\":1"), &target);
		if (i == 0)
			(void)snprintf(first, sizeof(first), "%s", errand_plan_digest(c.plan));
		assert_int_equal(strcmp(first, errand_plan_digest(c.plan)) == 0, cases[i].same);
		plan_finish(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_cost),
		BOOK_TEST(test_created_once),
		BOOK_TEST(test_doubt_and_holds),
		BOOK_TEST(test_nothing_to_record),
		BOOK_TEST(test_funds_and_budgets),
		BOOK_TEST(test_extension),
		BOOK_TEST(test_extension_twice),
		BOOK_TEST(test_more_time),
		BOOK_TEST(test_expiry),
		BOOK_TEST(test_deletion),
		BOOK_TEST(test_no_such_hit),
		BOOK_TEST(test_block_and_back),
		BOOK_TEST(test_refused_block),
		BOOK_TEST(test_grants),
		BOOK_TEST(test_type),
		BOOK_TEST(test_digest),
		BOOK_TEST(test_digest_of_a_hit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
