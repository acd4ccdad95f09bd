/* SPDX-License-Identifier: MIT
 *
 * Which room's policy is followed when: one after another, again after a failure, never in dry mode.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "ledger_fixture.h"
#include "policy.h"
#include "room_fixture.h"
#include "watch.h"

static const struct room_row good_row = { W1, A1, VERDICT_APPROVE, 150, NULL };

/* The planner of the tests: remembers what it was asked, answers when it is told to. */
struct lab {
	struct book *book;
	struct loop *loop;
	struct room_feed *feed;
	struct policies *policies;
	int started;
	bool refuses;
	int64_t room_id;
	enum policy policy;
	char words[200];
	plan_done_fn *done;
	void *arg;
};

static struct lab lab;
static int64_t mono_ms;

static int64_t fake_mono_ms(void)
{
	return mono_ms;
}

static int start(struct plans *plans, const struct plan_order *order, plan_done_fn *done, void *arg, struct err *err)
{
	(void)plans;
	lab.started++;
	if (lab.refuses)
		return err_set(err, ERR_INTERNAL, "out of memory");
	lab.room_id = order->room_id;
	lab.policy = order->policy;
	(void)snprintf(lab.words, sizeof(lab.words), "%s of %s", order->room, order->game);
	lab.done = done;
	lab.arg = arg;
	return 0;
}

static void make_policies(bool is_dry)
{
	struct policy_parts parts = { .ledger = lab.book->ledger, .start = start, .is_dry = is_dry };
	struct err err;

	parts.loop = lab.loop;
	parts.feed = lab.feed;
	lab.policies = policies_new(&parts, &err);
	assert_non_null(lab.policies);
}

static int set_up(void **state)
{
	struct err err;

	(void)book_set_up(state);
	mono_ms = 1000000;
	clock_set_sources(NULL, fake_mono_ms, NULL);
	lab = (struct lab){ .book = *state };
	lab.loop = loop_new(&err);
	lab.feed = room_feed_new(lab.book->ledger, &err);
	make_policies(false);
	return 0;
}

static int tear_down(void **state)
{
	policies_free(lab.policies);
	room_feed_free(lab.feed);
	loop_free(lab.loop);
	clock_set_sources(NULL, NULL, NULL);
	return book_tear_down(state);
}

static void answer(bool is_fine)
{
	struct json_object *result = json_object_new_object();
	struct err err;

	json_put_int(result, "batch", 3);
	json_put_int(result, "operations", 2);
	(void)err_set(&err, ERR_BUSY, "not now");
	lab.done(lab.arg, is_fine ? result : NULL, is_fine ? NULL : &err);
	json_object_put(result);
}

static void rooms_are_taken_one_by_one(void **state)
{
	struct book *book = *state;
	int64_t folder = room_watched(book, POLICY_PAY);
	int64_t first = room_with(book, folder, "room000002", &good_row, 1);
	int64_t second = room_with(book, folder, "room000001", &good_row, 1);

	assert_true(policies_pump(lab.policies));
	assert_int_equal(lab.room_id, first);
	assert_int_equal(lab.policy, POLICY_PAY);
	assert_string_equal(lab.words, "room000002 of ultimatum");
	assert_true(policies_is_busy_with(lab.policies, first));
	assert_false(policies_is_busy_with(lab.policies, second));
	/* Its plan is being made. */
	assert_false(policies_pump(lab.policies));
	answer(true);
	assert_false(policies_is_busy_with(lab.policies, first));
	assert_true(policies_pump(lab.policies));
	assert_int_equal(lab.room_id, second);
	answer(true);
	assert_false(policies_pump(lab.policies));
	assert_int_equal(lab.started, 2);
}

static void the_policy_of_the_folder_is_followed(void **state)
{
	struct book *book = *state;

	(void)room_with(book, room_watched(book, POLICY_APPROVE), "room000001", &good_row, 1);
	assert_true(policies_pump(lab.policies));
	assert_int_equal(lab.policy, POLICY_APPROVE);
	answer(true);
}

static void nothing_is_begun_for_import_or_in_dry_mode(void **state)
{
	struct book *book = *state;
	const struct folder_seen seen = room_folder(POLICY_PAY);

	(void)room_with(book, room_watched(book, POLICY_IMPORT), "room000001", &good_row, 1);
	assert_false(policies_pump(lab.policies));
	(void)room_see(book, &seen, true);
	(void)room_with(book, room_watched(book, POLICY_PAY), "room000002", &good_row, 1);
	policies_free(lab.policies);
	make_policies(true);
	(void)room_see(book, &seen, false);
	assert_false(policies_pump(lab.policies));
	/* The line has waited. */
	policies_free(lab.policies);
	make_policies(false);
	assert_false(policies_pump(lab.policies));
	(void)room_see(book, &seen, false);
	assert_true(policies_pump(lab.policies));
	assert_string_equal(lab.words, "room000002 of ultimatum");
	assert_int_equal(lab.started, 1);
	answer(true);
}

static void a_room_that_fails_waits_behind_the_others(void **state)
{
	struct book *book = *state;
	int64_t folder = room_watched(book, POLICY_PAY);
	int64_t first = room_with(book, folder, "room000001", &good_row, 1);
	int64_t second = room_with(book, folder, "room000002", &good_row, 1);

	assert_true(policies_pump(lab.policies));
	answer(false);
	assert_false(policies_pump(lab.policies));
	mono_ms += 9999;
	assert_false(policies_pump(lab.policies));
	mono_ms += 1;
	assert_true(policies_pump(lab.policies));
	assert_int_equal(lab.room_id, second);
	answer(true);
	lab.refuses = true;
	assert_false(policies_pump(lab.policies));
	assert_false(policies_is_busy_with(lab.policies, first));
	lab.refuses = false;
	mono_ms += 10000;
	assert_true(policies_pump(lab.policies));
	assert_int_equal(lab.room_id, first);
	answer(true);
}

/* The rest is done at the next start. */
static void what_was_halted_stays_in_the_line(void **state)
{
	struct book *book = *state;
	const struct folder_seen seen = room_folder(POLICY_PAY);
	int64_t room = room_with(book, room_watched(book, POLICY_PAY), "room000001", &good_row, 1);

	assert_true(policies_pump(lab.policies));
	policies_halt(lab.policies);
	answer(false);
	assert_false(policies_pump(lab.policies));
	policies_free(lab.policies);
	make_policies(false);
	(void)room_see(book, &seen, false);
	assert_true(policies_pump(lab.policies));
	assert_int_equal(lab.room_id, room);
	answer(true);
}

static void rows_that_change_by_themselves_are_looked_at(void **state)
{
	struct book *book = *state;
	int64_t room = room_with(book, room_watched(book, POLICY_PAY), "room000001", &good_row, 1);
	struct err err;

	assert_true(policies_pump(lab.policies));
	answer(true);
	assert_false(policies_pump(lab.policies));
	book_must(policies_rows_changed(lab.policies, room, &err), &err);
	assert_true(policies_pump(lab.policies));
	answer(true);
}

/* Nobody follows: it is logged, and nothing breaks. */
static void news_need_no_listener(void **state)
{
	const struct imported imported = { .rows = 4, .rows_added = 4 };
	struct watch_news news = { .game = "ultimatum", .room = "room000001", .policy = POLICY_PAY };

	(void)state;
	news.imported = &imported;
	policies_on_news(lab.policies, &news);
	news.imported = NULL;
	news.problem = "line 2, column 1: NUL";
	policies_on_news(lab.policies, &news);
	assert_int_equal(lab.started, 0);
}

#define POLICY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLICY_TEST(rooms_are_taken_one_by_one),
		POLICY_TEST(the_policy_of_the_folder_is_followed),
		POLICY_TEST(nothing_is_begun_for_import_or_in_dry_mode),
		POLICY_TEST(a_room_that_fails_waits_behind_the_others),
		POLICY_TEST(what_was_halted_stays_in_the_line),
		POLICY_TEST(rows_that_change_by_themselves_are_looked_at),
		POLICY_TEST(news_need_no_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
