/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot.h"

static struct books *full_books(void)
{
	const struct hit_terms terms = { .title = "t", .description = "d", .reward_cents = 150, .duration_s = 600 };
	struct books *books = books_new();
	struct hit *hit = books_add_hit(books, "3HIT", books_add_hit_type(books, NULL, &terms), 10, 1000, 900000);
	struct worker *worker = books_add_worker(books, "A1X");
	struct assignment *assignment = books_add_assignment(books, "3A", hit, worker, 2000);
	struct qualification_type *type = books_add_qualification_type(books, NULL, "good", 3000);
	struct message *message = books_add_message(books, "subject", "text", 4000);
	struct grant *grant = books_add_grant(type, worker);

	assert_int_equal(books_hold(books, hit, 1000), 0);
	books_submit(books, assignment, 3000);
	(void)books_add_assignment(books, "3B", hit, worker, 2500);
	assert_int_equal(books_approve(books, assignment, 3500), 0);
	assert_int_equal(books_pay_bonus(books, 25), 0);
	assert_non_null(books_add_bonus(books, assignment, 25, "thanks", "token", 3600));
	assert_int_equal(tokens_remember(books->tokens, "SendBonus", "token", "3A", 3600), 0);
	grant->value = 5;
	(void)array_list_add(message->workers, strdup("A1X"));
	(void)array_list_add(message->failures, strdup("A9X"));
	assert_int_equal(books_set_text(&worker->block_reason, "too fast"), 0);
	return books;
}

static void saved_and_loaded_books_are_equal(void **state)
{
	struct books *books = full_books(), *other = books_new();
	struct json_object *json = snapshot_json(books, NULL), *again;
	struct err err;

	(void)state;
	assert_int_equal(snapshot_load(other, json, &err), 0);
	again = snapshot_json(other, NULL);
	assert_string_equal(json_text(again, NULL), json_text(json, NULL));
	assert_non_null(tokens_find(other->tokens, "SendBonus", "token", 3700));
	assert_int_equal(books_hit(other, "3HIT")->held, 9);
	json_object_put(json);
	json_object_put(again);
	books_free(books);
	books_free(other);
}

static void only_some_sections(void **state)
{
	struct books *books = full_books();
	struct json_object *json = snapshot_json(books, "account,bonuses");

	(void)state;
	assert_int_equal(json_object_object_length(json), 2);
	json_object_put(json);
	books_free(books);
}

static void broken_books_are_refused(void **state)
{
	static const char *const members[] = { "account", "hits", "assignments", "bonuses", "tokens" };

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct books *books = full_books(), *other = books_new();
		struct json_object *json = snapshot_json(books, NULL), *list = json_object_new_array();
		struct err err;

		(void)json_object_array_add(list, json_object_new_object());
		json_put_value(json, members[i], list);
		assert_int_equal(snapshot_load(other, json, &err), -1);
		assert_int_equal(err.code, ERR_FORMAT);
		json_object_put(json);
		books_free(books);
		books_free(other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saved_and_loaded_books_are_equal),
		cmocka_unit_test(only_some_sections),
		cmocka_unit_test(broken_books_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
