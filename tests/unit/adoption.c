/* SPDX-License-Identifier: MIT
 *
 * Adopting rooms: shown first, then exactly that or nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adoption.h"
#include "ledger_fixture.h"
#include "room_fixture.h"

#define ADOPTED "SELECT sum(adopted) FROM room"

static const struct room_row rows[] = { { W1, A1, VERDICT_APPROVE, 150, NULL }, { W2, A2, VERDICT_HOLD, 0, "why" } };

static int64_t fee_of(enum op_kind kind, int64_t amount_minor, int64_t max_assignments)
{
	(void)kind;
	(void)max_assignments;
	return amount_minor / 5;
}

static const struct platform_class class = { .fee_minor = fee_of };
static const struct platform platform = { .class = &class };

static struct {
	struct book *book;
	struct loop *loop;
	struct room_feed *feed;
	struct adoptions *adoptions;
	struct json_object *result;
	struct err err;
	int answers, changed;
} lab;

static void on_changed(void *arg, int64_t room_id)
{
	(void)arg;
	(void)room_id;
	lab.changed++;
}

static void on_done(void *arg, struct json_object *result, const struct err *err)
{
	(void)arg;
	lab.answers++;
	json_object_put(lab.result);
	lab.result = json_object_get(result);
	if (err)
		lab.err = *err;
}

static int set_up(void **state)
{
	struct adoption_parts parts = { .platform = &platform, .on_changed = on_changed };
	struct err err;

	(void)book_set_up(state);
	memset(&lab, 0, sizeof(lab));
	lab.book = *state;
	lab.loop = parts.loop = loop_new(&err);
	lab.feed = parts.feed = room_feed_new(lab.book->ledger, &err);
	parts.ledger = lab.book->ledger;
	lab.adoptions = adoptions_new(&parts, &err);
	assert_non_null(lab.adoptions);
	return 0;
}

static int tear_down(void **state)
{
	adoptions_free(lab.adoptions);
	json_object_put(lab.result);
	room_feed_free(lab.feed);
	loop_free(lab.loop);
	return book_tear_down(state);
}

static int begin(const char *text, bool applies)
{
	const struct actor actor = { .user = "ada", .uid = 1000, .pid = 77, .words = "ngmtctl rooms adopt" };
	struct err err;
	struct json_object *params = json_parse(text, strlen(text), &err);
	int started;

	assert_non_null(params);
	json_object_put(lab.result);
	lab.result = NULL;
	lab.err.message[0] = '\0';
	started = adoptions_start(lab.adoptions, params, &actor, applies, on_done, NULL, &lab.err);
	json_object_put(params);
	return started;
}

static void run(const char *text, bool applies)
{
	int answers = lab.answers;

	if (begin(text, applies) < 0)
		fail_msg("%s", lab.err.message);
	while (adoptions_pump(lab.adoptions))
		;
	assert_int_equal(lab.answers, answers + 1);
}

static void expect(const char *key, int64_t expected)
{
	int64_t number = -1;

	if (!json_get_int(lab.result, key, &number) || number != expected)
		fail_msg("%s: %s %s", key, json_text(lab.result, NULL), lab.err.message);
}

static int64_t folder_that_waits(enum policy policy)
{
	const struct folder_seen seen = room_folder(policy);

	return room_see(lab.book, &seen, true);
}

static void a_dry_run_tells_and_does_nothing(void **state)
{
	int64_t folder = folder_that_waits(POLICY_PAY);

	(void)room_with(*state, folder, "room000001", rows, 2);
	(void)room_add(*state, folder, "room000002");
	run("{\"all\":true}", false);
	expect("count", 2);
	expect("rows", 2);
	expect("held_rows", 1);
	expect("approvals", 1);
	expect("bonuses", 1);
	expect("amount_cents", 150);
	expect("fees_cents", 30);
	assert_int_equal(json_object_array_length(json_get_array(lab.result, "rooms")), 2);
	assert_int_equal(book_number(*state, ADOPTED), 0);
	assert_int_equal(lab.changed, 0);
	assert_int_equal(book_number(*state, "SELECT count(*) FROM batch WHERE command LIKE 'rooms%'"), 0);
}

static void what_was_shown_is_done_and_recorded(void **state)
{
	(void)room_with(*state, folder_that_waits(POLICY_PAY), "room000001", rows, 2);
	run("{\"rooms\":[\"room000001\"],"
	    "\"expect\":{\"rooms\":1,\"approvals\":1,\"bonuses\":1,\"amount_cents\":150}}",
	    true);
	expect("count", 1);
	assert_int_equal(book_number(*state, ADOPTED), 1);
	assert_int_equal(book_number(*state, "SELECT due FROM room"), 1);
	assert_int_equal(lab.changed, 1);
	book_expect_text(*state, "SELECT command FROM batch WHERE ready = 1 AND user = 'ada'",
			 "rooms adopt (1): room000001");
	book_expect_text(*state, "SELECT typed FROM batch WHERE ready = 1", "ngmtctl rooms adopt");
}

static void what_is_not_what_was_shown_is_refused(void **state)
{
	(void)room_with(*state, folder_that_waits(POLICY_PAY), "room000001", rows, 2);
	run("{\"all\":true,\"expect\":{\"rooms\":1,\"approvals\":1,\"bonuses\":1,\"amount_cents\":149}}", true);
	assert_null(lab.result);
	assert_int_equal(lab.err.code, ERR_MONEY_RULE);
	assert_string_equal(lab.err.message,
			    "1 rooms with 1 approvals and $1.49 of bonuses were shown, it would be 1 with 1 and $1.50 "
			    "now; nothing was done");
	assert_int_equal(book_number(*state, ADOPTED), 0);
}

static void what_would_be_sent_depends_on_the_policy(void **state)
{
	(void)room_with(*state, folder_that_waits(POLICY_IMPORT), "room000001", rows, 2);
	run("{\"all\":true}", false);
	expect("count", 0);
	run("{\"rooms\":[\"room000001\"]}", false);
	expect("count", 1);
	expect("approvals", 0);
	expect("amount_cents", 0);
	(void)folder_that_waits(POLICY_APPROVE);
	run("{\"all\":true}", false);
	expect("approvals", 1);
	expect("bonuses", 0);
}

static void what_needs_no_adoption_is_refused_by_name(void **state)
{
	int64_t folder = room_watched(*state, POLICY_PAY), ignored = room_add(*state, folder, "room000002");
	struct err err;

	(void)room_add(*state, folder, "room000001");
	book_execute(*state, "UPDATE room SET adopted = 0 WHERE name = 'room000002'");
	book_must(room_book_ignore(lab.book->ledger, ignored, true, &err), &err);
	run("{\"rooms\":[\"room000001\",\"room000002\"]}", true);
	expect("count", 0);
	assert_string_equal(json_text(json_get_array(lab.result, "refused"), NULL),
			    "[{\"room\":\"room000001\",\"game\":\"ultimatum\",\"why\":\"it is adopted already\"},"
			    "{\"room\":\"room000002\",\"game\":\"ultimatum\",\"why\":\"it is ignored\"}]");
	assert_true(!json_object_object_get(lab.result, "batch"));
}

static void nothing_said_is_not_everything(void **state)
{
	static const struct {
		const char *params, *message;
		enum err_code code;
	} bad[] = {
		{ "{}", "\"rooms\", \"game\" or \"all\" must say which rooms; nothing was done", ERR_USAGE },
		{ "{\"all\":false}", "\"rooms\", \"game\" or \"all\" must say which rooms; nothing was done",
		  ERR_USAGE },
		{ "{\"rooms\":\"room000001\"}", "\"rooms\" must be an array of names; nothing was done", ERR_USAGE },
		{ "{\"rooms\":[],\"all\":true}", "\"rooms\" must name 1 to 1000 rooms", ERR_USAGE },
		{ "{\"rooms\":[7]}", "\"rooms\" must be names of rooms", ERR_USAGE },
		{ "{\"rooms\":[\"room000009\"]}", "there is no room \"room000009\"", ERR_NOT_FOUND },
		{ "{\"all\":true,\"expect\":{\"rooms\":1}}",
		  "\"expect\" must have rooms, approvals, bonuses and amount_cents", ERR_USAGE },
	};

	(void)folder_that_waits(POLICY_PAY);
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(begin(bad[i].params, true), -1);
		assert_string_equal(lab.err.message, bad[i].message);
		assert_int_equal(lab.err.code, bad[i].code);
	}
	assert_int_equal(lab.answers, 0);
}

/* In slices: nobody waits for ten thousand rooms to be counted. */
static void many_rooms_take_many_turns(void **state)
{
	int64_t folder = folder_that_waits(POLICY_PAY);
	int turns = 0;

	for (int i = 0; i < 300; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "room%06d", i);
		(void)room_add(*state, folder, name);
	}
	assert_int_equal(begin("{\"game\":\"ultimatum\"}", true), 0);
	while (adoptions_pump(lab.adoptions))
		turns++;
	assert_in_range(turns, 6, 300);
	expect("count", 300);
	assert_int_equal(book_number(*state, ADOPTED), 300);
}

static void one_that_is_halted_fails(void **state)
{
	struct err why;

	(void)room_with(*state, folder_that_waits(POLICY_PAY), "room000001", rows, 2);
	assert_int_equal(begin("{\"all\":true}", true), 0);
	(void)err_set(&why, ERR_LEDGER, "disk full");
	adoptions_halt(lab.adoptions, &why);
	(void)adoptions_pump(lab.adoptions);
	assert_int_equal(lab.answers, 1);
	assert_string_equal(lab.err.message, "disk full");
	assert_int_equal(book_number(*state, ADOPTED), 0);
	/* And one that is under way at the end is answered. */
	assert_int_equal(begin("{\"all\":true}", true), 0);
	adoptions_free(lab.adoptions);
	lab.adoptions = NULL;
	assert_int_equal(lab.answers, 2);
	assert_int_equal(lab.err.code, ERR_BUSY);
}

#define ADOPTION_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ADOPTION_TEST(a_dry_run_tells_and_does_nothing),
		ADOPTION_TEST(what_was_shown_is_done_and_recorded),
		ADOPTION_TEST(what_is_not_what_was_shown_is_refused),
		ADOPTION_TEST(what_would_be_sent_depends_on_the_policy),
		ADOPTION_TEST(what_needs_no_adoption_is_refused_by_name),
		ADOPTION_TEST(nothing_said_is_not_everything),
		ADOPTION_TEST(many_rooms_take_many_turns),
		ADOPTION_TEST(one_that_is_halted_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
