/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts.h"
#include "known.h"
#include "ledger_fixture.h"

/* Words with a blank after each, and notes in brackets. */
static void expect_of(struct book *book, const struct config *config, const char *what, const char *prefix,
		      const char *expected)
{
	struct err err;
	struct json_object *words = known_words(book->ledger, config, what, prefix, KNOWN_WORDS_MAX, &err);
	char text[2000] = "";

	if (!words)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < json_object_array_length(words); i++) {
		struct json_object *item = json_object_array_get_idx(words, i);
		const char *word = NULL, *note = NULL;
		size_t used = strlen(text);

		assert_true(json_get_text(item, "word", &word));
		if (json_get_text(item, "note", &note))
			(void)snprintf(text + used, sizeof(text) - used, "%s (%s) ", word, note);
		else
			(void)snprintf(text + used, sizeof(text) - used, "%s ", word);
	}
	assert_string_equal(text, expected);
	json_object_put(words);
}

static void expect(struct book *book, const char *what, const char *prefix, const char *expected)
{
	expect_of(book, NULL, what, prefix, expected);
}

static void put_hit(struct book *book, const char *id, const char *title, int64_t created_s)
{
	const struct hit hit = { .hit_id = id, .title = title, .created_s = created_s };
	struct err err;

	book_must(facts_put_hit(book->ledger, &hit, &err), &err);
}

static void test_hits(void **state)
{
	struct book *book = *state;
	struct err err;

	put_hit(book, "3HITOLD", "Old", 1000);
	put_hit(book, "3HITNEW", "New", 2000);
	book_must(facts_put_missing_hit(book->ledger, "3HITGONE", &err), &err);
	expect(book, "hits", "", "3HITNEW (New) 3HITOLD (Old) ");
	expect(book, "hits", "3hito", "3HITOLD (Old) ");
	expect(book, "hits", "3HITX", "");
	/* A bonus names a HIT that nobody has asked about; the selected one comes first. */
	(void)book_insert(book, book_bonus(book, A1, W1, 100));
	book_must(ledger_set_meta(book->ledger, "hit", "3HITOLD", &err), &err);
	expect(book, "hits", "", "3HITOLD (Old) 3HITNEW (New) " H1 " ");
}

static void test_operations(void **state)
{
	struct book *book = *state;
	int64_t first = book_insert(book, book_bonus(book, A1, W1, 100));
	char expected[200];

	(void)book_insert(book, book_decision(book, OP_APPROVE, A2));
	book_execute(book, "UPDATE operation SET id = 123 WHERE kind = 0");
	assert_int_equal(first, 1);
	expect(book, "operations", "1", "123 (approve " W1 ", planned) 1 (bonus " W1 ", planned) ");
	expect(book, "operations", "12", "123 (approve " W1 ", planned) ");
	expect(book, "operations", "2", "");
	expect(book, "operations", "01", "");
	expect(book, "operations", "1x", "");
	expect(book, "operations", "12345678901234567890", "");
	expect(book, "workers", "a1ngmt", W1 " ");
	expect(book, "assignments", A2, A2 " (" W1 ") ");
	book_execute(book, "UPDATE batch SET ready = 1, typed = 'bonus -y'");
	(void)snprintf(expected, sizeof(expected), "%" PRId64 " (ada: bonus -y) ", book->batch_id);
	expect(book, "batches", "", expected);
}

/* Beyond the newest few thousand, ids are found by how they begin, in whichever table they are. */
static void test_old_ids(void **state)
{
	struct book *book = *state;

	book_execute(
		book,
		"INSERT INTO snapshot (sha256, bytes, read_s) VALUES ('x', 1, 1);"
		"INSERT INTO source (id, sha256, path, rules, read_s, sequence) VALUES (1, 'x', '/f', 'r', 1, 1);"
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
		" INSERT INTO result (source_id, line, worker_id, assignment_id, hit_id, bonus_payable, verdict,"
		" why, problem_column)"
		" SELECT 1, i, printf('A%05dX', i), printf('3ASG%05d', i), '3HIT', 0, 0, 'w', 0 FROM n;"
		"INSERT INTO assignment_fact (assignment_id, status, worker_id, seen_s) VALUES ('3FACT', 2, 'A9', 1)");
	expect(book, "workers", "A00017", "A00017X ");
	expect(book, "workers", "A1999",
	       "A19999X A19998X A19997X A19996X A19995X A19994X A19993X A19992X A19991X"
	       " A19990X ");
	expect(book, "assignments", "3asg00003", "3ASG00003 (A00003X) ");
	expect(book, "assignments", "3F", "3FACT (A9) ");
	expect(book, "hits", "", "3HIT ");
	expect(book, "assignments", "3%", "");
	expect(book, "assignments", "3_SG", "");
}

static void test_rooms_and_games(void **state)
{
	static char place[] = "/srv/games/dictator policy=pay", type[] = "3CONFIGURED";
	char *places[] = { place };
	const struct config config = { .games = { places, 1 }, .default_qualification_type_id = type };
	struct book *book = *state;

	book_execute(
		book,
		"INSERT INTO folder (id, path, game, inode, policy, pattern, since_s, watched) VALUES"
		" (1, '/srv/a/data', 'ultimatum', 1, 0, 'room*', 1, 2), (2, '/srv/b/data', 'Trust', 2, 0, 'r', 1, 0);"
		"INSERT INTO room (folder_id, name, adopted, found_s) VALUES (1, 'room000001', 1, 1),"
		" (1, 'room000002', 1, 1), (2, 'room000001', 1, 1), (2, '', 1, 1)");
	expect(book, "rooms", "ROOM", "room000001 (Trust) room000002 (ultimatum) ");
	expect(book, "rooms", ".", ". (Trust) ");
	expect_of(book, &config, "games", "",
		  "ultimatum (/srv/a/data) Trust (/srv/b/data) dictator (/srv/games/dictator) ");
	expect_of(book, &config, "games", "t", "Trust (/srv/b/data) ");
	expect_of(book, &config, "qualifications", "", "3CONFIGURED (configured) ");
}

static void test_types(void **state)
{
	const struct qualification_type old = { .qualification_type_id = "3TYPEA", .name = "A", .created_s = 1 },
					new = { .qualification_type_id = "3TYPEB", .name = "B", .created_s = 2 };
	struct book *book = *state;
	struct err err;

	book_must(facts_put_type(book->ledger, &old, &err), &err);
	book_must(facts_put_type(book->ledger, &new, &err), &err);
	expect(book, "qualifications", "3t", "3TYPEB (B) 3TYPEA (A) ");
}

static void test_limits(void **state)
{
	struct book *book = *state;
	struct json_object *words;
	char longest[300];
	struct err err;

	memset(longest, 'A', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	expect(book, "workers", longest, "");
	book_execute(book,
		     "INSERT INTO operation (key, kind, state, batch_id, token, worker_id, amount_minor, fee_minor,"
		     " currency, created_s, changed_s) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
		     " WHERE i < 3000) SELECT i, 2, 6, 1, i, printf('A%04d', i), 0, 0, 'USD', 1, 1 FROM n");
	words = known_words(book->ledger, NULL, "workers", "", 3, &err);
	assert_int_equal(json_object_array_length(words), 3);
	json_object_put(words);
	words = known_words(book->ledger, NULL, "workers", "A0", KNOWN_WORDS_MAX, &err);
	assert_int_equal(json_object_array_length(words), KNOWN_WORDS_MAX);
	json_object_put(words);
	assert_null(known_words(book->ledger, NULL, "workers", "", KNOWN_WORDS_MAX + 1, &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_null(known_words(book->ledger, NULL, "workers", "", 0, &err));
	assert_null(known_words(book->ledger, NULL, "room", "", 1, &err));
	assert_string_equal(err.hint, "did you mean \"rooms\"?");
	assert_null(known_words(book->ledger, NULL, "'; DROP TABLE operation; --", "", 1, &err));
}

static void test_nearest(void **state)
{
	struct book *book = *state;
	char best[KNOWN_WORD_BYTES];

	assert_false(known_nearest(book->ledger, NULL, "hits", H1, best));
	put_hit(book, H1, "A game", 1000);
	assert_true(known_nearest(book->ledger, NULL, "hits", "3NGMTHIT00010", best));
	assert_string_equal(best, H1);
	/* Wrong from the start. */
	assert_true(known_nearest(book->ledger, NULL, "hits", "NGMTHIT00001", best));
	assert_string_equal(best, H1);
	assert_true(known_nearest(book->ledger, NULL, "hits", "3ngmthit00001", best));
	assert_false(known_nearest(book->ledger, NULL, "hits", "3SOMETHINGELSE", best));
	assert_false(known_nearest(book->ledger, NULL, "hits", "", best));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_hits),    BOOK_TEST(test_operations),
		BOOK_TEST(test_old_ids), BOOK_TEST(test_rooms_and_games),
		BOOK_TEST(test_types),   BOOK_TEST(test_limits),
		BOOK_TEST(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
