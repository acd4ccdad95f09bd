/* SPDX-License-Identifier: MIT
 *
 * Rooms as people see them: what is wrong first, and what has become of each row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger_fixture.h"
#include "room_fixture.h"

static const struct room_row to_approve = { W1, A1, VERDICT_APPROVE, 150, NULL };
static const struct room_row to_hold = { W2, A2, VERDICT_HOLD, 0, "no decision" };

static struct json_object *list(struct book *book, const char *params_text)
{
	struct err err;
	struct json_object *params = json_parse(params_text, strlen(params_text), &err);
	struct json_object *out;

	assert_non_null(params);
	out = room_book_list(book->ledger, params, &err);
	json_object_put(params);
	if (!out)
		fail_msg("%s", err.message);
	return out;
}

/* "room000002 problem, room000001 held". */
static void expect_list(struct book *book, const char *params, const char *expected)
{
	struct json_object *out = list(book, params), *rooms = json_get_array(out, "rooms");
	char text[400] = "";

	for (size_t i = 0; i < json_object_array_length(rooms); i++) {
		struct json_object *room = json_object_array_get_idx(rooms, i);
		const char *name = "?", *state = "?";
		size_t used = strlen(text);

		(void)json_get_text(room, "room", &name);
		(void)json_get_text(room, "state", &state);
		(void)snprintf(text + used, sizeof(text) - used, "%s%s %s", i ? ", " : "", name, state);
	}
	json_object_put(out);
	assert_string_equal(text, expected);
}

static struct json_object *show(struct book *book, int64_t room_id)
{
	struct err err;
	struct json_object *params = json_object_new_object();
	struct json_object *out = room_book_show(book->ledger, room_id, params, &err);

	json_object_put(params);
	if (!out)
		fail_msg("%s", err.message);
	return out;
}

static void expect_number(struct json_object *object, const char *key, int64_t expected)
{
	int64_t number = -1;

	if (!json_get_int(object, key, &number) || number != expected)
		fail_msg("%s is %d, not %d: %s", key, (int)number, (int)expected, json_text(object, NULL));
}

static void expect_member(struct json_object *object, const char *key, const char *expected)
{
	const char *text = NULL;

	(void)json_get_text(object, key, &text);
	if (expected && text)
		assert_string_equal(text, expected);
	else
		assert_true(!expected && !text);
}

static void an_empty_book_lists_nothing(void **state)
{
	struct book *book = *state;
	struct err err;
	struct json_object *counts = room_book_counts(book->ledger, &err);

	expect_list(book, "{}", "");
	assert_string_equal(json_text(counts, NULL),
			    "{\"watched\":0,\"waiting\":0,\"problems\":0,\"held_rows\":0,\"ignored\":0}");
	json_object_put(counts);
}

/* One room of each state, made in the order opposite to the one in which they are shown. */
static void make_one_of_each(struct book *book)
{
	struct folder_seen seen = room_folder(POLICY_PAY);
	int64_t folder = room_see(book, &seen, true), id;
	struct err err;

	id = room_with(book, folder, "room000001", &to_approve, 1);
	book_must(room_book_ignore(book->ledger, id, true, &err), &err);
	(void)room_add(book, folder, "room000002");
	(void)room_with(book, folder, "room000004", &to_approve, 1);
	book_must(room_book_end_first_scan(book->ledger, folder, &err), &err);
	(void)room_with(book, folder, "room000003", &to_approve, 1);
	(void)room_with(book, folder, "room000005", &to_hold, 1);
	id = room_with(book, folder, "room000006", &to_approve, 1);
	book_must(room_book_problem(book->ledger, id, "line 2, column 1: NUL", &err), &err);
}

static void what_is_wrong_comes_first(void **state)
{
	struct book *book = *state;
	struct json_object *counts;
	struct err err;

	make_one_of_each(book);
	expect_list(book, "{}",
		    "room000006 problem, room000005 held, room000004 waiting, room000003 imported, room000002 empty, "
		    "room000001 ignored");
	expect_list(book, "{\"problems\":true}", "room000006 problem, room000005 held");
	expect_list(book, "{\"state\":\"waiting\",\"game\":\"ultimatum\"}", "room000004 waiting");
	counts = room_book_counts(book->ledger, &err);
	assert_string_equal(json_text(counts, NULL),
			    "{\"watched\":6,\"waiting\":2,\"problems\":1,\"held_rows\":1,\"ignored\":1}");
	json_object_put(counts);
}

static void pages_go_on_where_the_last_one_ended(void **state)
{
	struct book *book = *state;
	struct json_object *out;

	make_one_of_each(book);
	out = list(book, "{\"limit\":4}");
	expect_number(out, "total", 6);
	expect_number(out, "next_offset", 4);
	json_object_put(out);
	expect_list(book, "{\"limit\":4,\"offset\":4}", "room000002 empty, room000001 ignored");
	out = list(book, "{\"limit\":4,\"offset\":4}");
	assert_true(json_has(out, "next_offset") && !json_object_object_get(out, "next_offset"));
	json_object_put(out);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const struct {
		const char *params, *message, *hint;
	} bad[] = {
		{ "{\"state\":\"wating\"}", "\"state\" does not know \"wating\"", "did you mean \"waiting\"?" },
		{ "{\"state\":7}", "\"state\" does not know \"\"", "" },
		{ "{\"limit\":0}", "\"offset\" must be 0 or more and \"limit\" 1 to 1000", "" },
		{ "{\"offset\":-1}", "\"offset\" must be 0 or more and \"limit\" 1 to 1000", "" },
		{ "{\"game\":\"ultimatun\"}", "no game \"ultimatun\" is or was watched",
		  "did you mean \"ultimatum\"?" },
		{ "{\"game\":\"x\"}", "no game \"x\" is or was watched",
		  "[nodegame] game in ngmt.conf says which are" },
	};
	struct book *book = *state;
	struct err err;

	(void)room_watched(book, POLICY_PAY);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct json_object *params = json_parse(bad[i].params, strlen(bad[i].params), &err);

		assert_null(room_book_list(book->ledger, params, &err));
		assert_string_equal(err.message, bad[i].message);
		assert_string_equal(err.hint, bad[i].hint);
		json_object_put(params);
	}
}

static void a_room_counts_what_became_of_its_rows(void **state)
{
	struct book *book = *state;
	const struct room_row rows[] = { to_approve, to_hold, { NULL, NULL, VERDICT_SKIP, 0, "a bot" } };
	int64_t room = room_with(book, room_watched(book, POLICY_PAY), "room000001", rows, 3);
	int64_t decision, bonus;
	struct json_object *out, *shown;

	decision = book_insert(book, book_decision(book, OP_APPROVE, A1));
	bonus = book_insert(book, book_bonus(book, A1, W1, 150));
	out = show(book, room);
	expect_number(out, "rows", 3);
	expect_number(out, "approve", 1);
	expect_number(out, "held_rows", 1);
	expect_number(out, "skipped", 1);
	expect_number(out, "open", 2);
	expect_number(out, "approved", 0);
	expect_number(out, "to_pay_cents", 150);
	expect_number(out, "to_pay_fees_cents", 30);
	expect_number(out, "paid_cents", 0);
	json_object_put(out);

	book_move(book, decision, OP_DONE, NULL);
	book_move(book, bonus, OP_HELD, "another bonus is there");
	out = show(book, room);
	expect_number(out, "approved", 1);
	expect_number(out, "held", 1);
	expect_number(out, "open", 0);
	expect_number(out, "to_pay_cents", 150);
	/* The held row, and the one whose bonus is, come before the bot. */
	shown = json_get_array(out, "rows_page");
	expect_member(json_object_array_get_idx(shown, 0), "verdict", "done");
	expect_member(json_object_array_get_idx(shown, 0), "bonus_state", "held");
	expect_member(json_object_array_get_idx(shown, 0), "bonus_why", "another bonus is there");
	expect_member(json_object_array_get_idx(shown, 1), "why", "no decision");
	expect_number(json_object_array_get_idx(shown, 1), "column", 3);
	expect_member(json_object_array_get_idx(shown, 2), "verdict", "skip");
	json_object_put(out);

	book_move(book, bonus, OP_PLANNED, NULL);
	book_move(book, bonus, OP_DONE, NULL);
	out = show(book, room);
	expect_number(out, "paid", 1);
	expect_number(out, "paid_cents", 150);
	expect_number(out, "paid_fees_cents", 30);
	expect_number(out, "to_pay_cents", 0);
	json_object_put(out);
}

/* Its file is fine, but what was made of it is not. */
static void a_room_with_a_held_operation_is_held(void **state)
{
	struct book *book = *state;
	struct op op = book_decision(book, OP_APPROVE, A1);
	int64_t id;

	(void)room_with(book, room_watched(book, POLICY_PAY), "room000001", &to_approve, 1);
	op.row_id = book_number(book, "SELECT id FROM result");
	id = book_insert(book, op);
	expect_list(book, "{}", "room000001 imported");
	book_move(book, id, OP_HELD, "the worker is another one");
	expect_list(book, "{}", "room000001 held");
	book_move(book, id, OP_PLANNED, NULL);
	book_move(book, id, OP_FAILED, "no such assignment");
	expect_list(book, "{}", "room000001 held");
}

static void replaced_rows_do_not_count(void **state)
{
	struct book *book = *state;
	int64_t room = room_with(book, room_watched(book, POLICY_PAY), "room000001", &to_hold, 1);
	int64_t source = room_source(book, room, "second");
	struct json_object *out;

	book_execute(book, "UPDATE result SET current = 0");
	(void)room_insert_row(book, source, &to_approve);
	room_imported(book, room, 1);
	out = show(book, room);
	expect_member(out, "state", "imported");
	expect_number(out, "rows", 1);
	expect_number(out, "held_rows", 0);
	expect_number(out, "versions", 2);
	assert_int_equal(json_object_array_length(json_get_array(out, "history")), 2);
	expect_member(json_object_array_get_idx(json_get_array(out, "history"), 0), "sha256", "second");
	json_object_put(out);
}

static int64_t fee_of(enum op_kind kind, int64_t amount_minor, int64_t max_assignments)
{
	(void)kind;
	(void)max_assignments;
	return (amount_minor * 20 + 50) / 100;
}

static struct room_stake stake_of(struct book *book, int64_t room, enum policy policy)
{
	struct room_stake stake;
	struct err err;

	book_must(room_book_stake(book->ledger, room, policy, fee_of, &stake, &err), &err);
	return stake;
}

static void what_adopting_would_send(void **state)
{
	struct book *book = *state;
	const struct room_row rows[] = {
		to_approve,
		to_hold,
		{ W2, "3NGMTASG00003", VERDICT_APPROVE, 103, NULL },
		/* a conflict: two amounts for one bonus, of which neither is sent */
		{ W2, "3NGMTASG00004", VERDICT_APPROVE, 200, NULL },
		{ W2, "3NGMTASG00004", VERDICT_APPROVE, 300, NULL },
		{ W1, "3NGMTASG00005", VERDICT_REJECT, 0, NULL },
		{ W1, "3NGMTASG00006", VERDICT_APPROVE, 0, NULL },
	};
	int64_t room = room_with(book, room_watched(book, POLICY_PAY), "room000001", rows, 7);
	struct room_stake stake = stake_of(book, room, POLICY_PAY);

	assert_int_equal(stake.rows, 7);
	assert_int_equal(stake.held, 1);
	assert_int_equal(stake.approvals, 4);
	assert_int_equal(stake.bonuses, 2);
	assert_int_equal(stake.amount_minor, 253);
	assert_int_equal(stake.fee_minor, 30 + 21);
	stake = stake_of(book, room, POLICY_APPROVE);
	assert_int_equal(stake.approvals, 4);
	assert_int_equal(stake.bonuses, 0);
	stake = stake_of(book, room, POLICY_IMPORT);
	assert_int_equal(stake.approvals, 0);
	/* What is in the ledger already is not sent again. */
	(void)book_insert(book, book_bonus(book, A1, W1, 150));
	(void)book_insert(book, book_decision(book, OP_APPROVE, A1));
	stake = stake_of(book, room, POLICY_PAY);
	assert_int_equal(stake.approvals, 3);
	assert_int_equal(stake.bonuses, 1);
	assert_int_equal(stake.amount_minor, 103);
}

static void rooms_that_wait_are_found(void **state)
{
	struct book *book = *state;
	int64_t *ids = NULL;
	struct err err;

	make_one_of_each(book);
	assert_int_equal(room_book_waiting(book->ledger, NULL, 10, &ids, &err), 2);
	free(ids);
	assert_int_equal(room_book_waiting(book->ledger, "survey", 10, &ids, &err), 0);
	free(ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(an_empty_book_lists_nothing),
		BOOK_TEST(what_is_wrong_comes_first),
		BOOK_TEST(pages_go_on_where_the_last_one_ended),
		BOOK_TEST(what_makes_no_sense_is_refused),
		BOOK_TEST(a_room_counts_what_became_of_its_rows),
		BOOK_TEST(a_room_with_a_held_operation_is_held),
		BOOK_TEST(replaced_rows_do_not_count),
		BOOK_TEST(what_adopting_would_send),
		BOOK_TEST(rooms_that_wait_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
