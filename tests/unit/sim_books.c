/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "books.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static int set_up(void **state)
{
	*state = books_new();
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	books_free(*state);
	return 0;
}

static struct hit *make_hit(struct books *books, int64_t reward_cents, int64_t max_assignments)
{
	const struct hit_terms terms = { .title = "t",
					 .description = "d",
					 .reward_cents = reward_cents,
					 .duration_s = 600,
					 .auto_approval_s = 3600 };
	const struct hit_type *type = books_add_hit_type(books, NULL, &terms);
	struct hit *hit = books_add_hit(books, NULL, type, max_assignments, 1000, 1000 + DAY_MS);

	assert_non_null(hit);
	return hit;
}

static struct assignment *make_work(struct books *books, struct hit *hit, const char *worker_id, int64_t now_ms)
{
	struct assignment *assignment =
		books_add_assignment(books, NULL, hit, books_add_worker(books, worker_id), now_ms);

	assert_non_null(assignment);
	books_submit(books, assignment, now_ms);
	return assignment;
}

/* Cents never appear or vanish: what is available, on hold and spent is always the opening balance. */
static void check_sum(const struct books *books)
{
	assert_int_equal(books->available_cents + books->on_hold_cents + books->rewards_cents + books->bonuses_cents +
				 books->fees_cents,
			 1000000);
	assert_true(books->on_hold_cents >= 0);
}

static void hold_and_approve(void **state)
{
	struct books *books = *state;
	struct hit *hit = make_hit(books, 100, 20);
	struct assignment *assignment;

	assert_int_equal(books_hold(books, hit, 1000), 0);
	assert_int_equal(books->on_hold_cents, 20 * 140);
	check_sum(books);
	assignment = make_work(books, hit, "A1X", 2000);
	assert_int_equal(books_approve(books, assignment, 3000), 0);
	assert_int_equal(books->on_hold_cents, 19 * 140);
	assert_int_equal(books->rewards_cents, 100);
	assert_int_equal(books->fees_cents, 40);
	check_sum(books);
}

static void reject_releases(void **state)
{
	struct books *books = *state;
	struct hit *hit = make_hit(books, 100, 2);
	struct assignment *assignment;

	assert_int_equal(books_hold(books, hit, 1000), 0);
	assignment = make_work(books, hit, "A1X", 2000);
	books_reject(books, assignment, 3000);
	assert_int_equal(books->on_hold_cents, 120);
	check_sum(books);
	books->available_cents -= 999880 - 119;
	assert_int_equal(books_approve(books, assignment, 4000), -1);
	assert_string_equal(assignment_status(assignment), "Rejected");
	books->available_cents += 999880 - 119;
	assert_int_equal(books_approve(books, assignment, 4000), 0);
	assert_int_equal(books->on_hold_cents, 120);
	check_sum(books);
}

static void a_hit_beyond_the_balance(void **state)
{
	struct books *books = *state;
	struct hit *hit = make_hit(books, 1000000, 9);

	assert_int_equal(books_hold(books, hit, 1000), -1);
	check_sum(books);
	hit = make_hit(books, INT64_C(100000000000000), 1000000000);
	assert_int_equal(books_hold(books, hit, 1000), -1);
	check_sum(books);
}

static void time_approves(void **state)
{
	struct books *books = *state;
	struct hit *hit = make_hit(books, 100, 5);
	struct assignment *first, *second;

	assert_int_equal(books_hold(books, hit, 1000), 0);
	first = make_work(books, hit, "A1X", 2000);
	second = make_work(books, hit, "A2X", 5000);
	books_settle(books, 2000 + 3600000 - 1);
	assert_string_equal(assignment_status(first), "Submitted");
	books_settle(books, 2000 + 3600000);
	assert_string_equal(assignment_status(first), "Approved");
	assert_string_equal(assignment_status(second), "Submitted");
	assert_true(first->is_auto_approved);
	assert_int_equal(first->approvals, 1);
	books_settle(books, 5000 + 3600000);
	assert_string_equal(assignment_status(second), "Approved");
	check_sum(books);
}

static void expiry_releases_what_nobody_took(void **state)
{
	struct books *books = *state;
	struct hit *hit = make_hit(books, 100, 5);

	assert_int_equal(books_hold(books, hit, 1000), 0);
	(void)make_work(books, hit, "A1X", 1000 + DAY_MS - 10);
	assert_string_equal(hit_status(hit, 1000 + DAY_MS - 1), "Assignable");
	books_settle(books, 1000 + DAY_MS);
	assert_string_equal(hit_status(hit, 1000 + DAY_MS), "Reviewable");
	assert_int_equal(books->on_hold_cents, 120);
	check_sum(books);
	hit->expires_ms += DAY_MS;
	assert_int_equal(books_hold(books, hit, 1000 + DAY_MS), 0);
	assert_int_equal(books->on_hold_cents, 5 * 120);
	check_sum(books);
}

static void settled_books_are_left_alone(void **state)
{
	struct books *books = *state;
	struct hit *hit = make_hit(books, 100, 5);

	assert_int_equal(books_hold(books, hit, 1000), 0);
	books_settle(books, 2 * DAY_MS);
	assert_int_equal(books->next_due_ms, INT64_MAX);
}

static void bonus_pays_fee_or_nothing(void **state)
{
	struct books *books = *state;

	assert_int_equal(books_pay_bonus(books, 100), 0);
	assert_int_equal(books->available_cents, 1000000 - 120);
	check_sum(books);
	assert_int_equal(books_pay_bonus(books, 999880), -1);
	check_sum(books);
	assert_int_equal(books_pay_bonus(books, 833233), 0);
	assert_int_equal(books->available_cents, 0);
	assert_int_equal(books_pay_bonus(books, 1), -1);
	check_sum(books);
}

static void ids_are_taken_once(void **state)
{
	struct books *books = *state;
	struct hit *hit = make_hit(books, 100, 5);
	struct worker *worker = books_add_worker(books, "A1X");

	assert_ptr_equal(worker, books_add_worker(books, "A1X"));
	assert_non_null(books_add_assignment(books, "3A", hit, worker, 0));
	assert_null(books_add_assignment(books, "3A", hit, worker, 0));
	assert_int_equal(array_list_length(books->assignments), 1);
	assert_null(books_add_hit(books, hit->id, hit->type, 1, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hold_and_approve, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reject_releases, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_hit_beyond_the_balance, set_up, tear_down),
		cmocka_unit_test_setup_teardown(time_approves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(expiry_releases_what_nobody_took, set_up, tear_down),
		cmocka_unit_test_setup_teardown(settled_books_are_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bonus_pays_fee_or_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ids_are_taken_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
