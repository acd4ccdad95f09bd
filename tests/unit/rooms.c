/* SPDX-License-Identifier: MIT
 *
 * Finding games, data folders and rooms: nodegame-files, sections 1 and 9.1, in a folder made for each test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "rooms.h"
#include "tree.h"

/* Every test has a folder of its own, with its real name. */
static int set_up(void **state)
{
	const char *base = getenv("TMPDIR");
	char *template = NULL;

	if (asprintf(&template, "%s/ngmt-rooms-XXXXXX", base ? base : "/tmp") < 0 || !mkdtemp(template))
		return -1;
	*state = realpath(template, NULL);
	free(template);
	return *state ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	int result = nftw(*state, remove_entry, 16, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return result;
}

/* "name=path below root" for each room, "-" without results. The caller frees. */
static char *describe(const struct room_list *list, const char *root)
{
	char *text = NULL;
	size_t size = 0, skip = strlen(root) + 1;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < list->count; i++) {
		const char *path = list->rooms[i].results_path;

		if (path)
			assert_memory_equal(path, root, skip - 1);
		(void)fprintf(out, "%s%s:%lld=%s", i > 0 ? " " : "", list->rooms[i].name,
			      (long long)list->rooms[i].number, path ? path + skip : "-");
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static void expect(const char *root, const char *game, const char *pattern, int64_t min, int64_t max,
		   const char *expected)
{
	struct room_list list;
	struct err err = { .code = ERR_NONE };
	char *text;

	if (rooms_find(&list, root, game, pattern, min, max, &err) < 0)
		fail_msg("%s (%s)", err.message, err.hint);
	text = describe(&list, root);
	assert_string_equal(text, expected);
	free(text);
	rooms_finish(&list);
	rooms_finish(&list);
}

static void test_rooms_of_a_game(void **state)
{
	const char *root = *state;

	tree_make(root, "games/ultimatum/package.json");
	tree_make(root, "games/ultimatum/data/room000061/bonus.csv");
	tree_make(root, "games/ultimatum/data/room000060/memory.json");
	tree_make(root, "games/ultimatum/data/room7/results.csv");
	tree_make(root, "games/ultimatum/data/room000007/bonus.csv");
	tree_make(root, "games/ultimatum/data/room000007/results.csv");
	tree_make(root, "games/ultimatum/data/room1000000/bonus.csv");
	expect(root, "ultimatum", NULL, -1, -1,
	       "room000007:7=games/ultimatum/data/room000007/bonus.csv "
	       "room7:7=games/ultimatum/data/room7/results.csv "
	       "room000060:60=- "
	       "room000061:61=games/ultimatum/data/room000061/bonus.csv "
	       "room1000000:1000000=games/ultimatum/data/room1000000/bonus.csv");
	expect(root, "ultimatum", NULL, 60, 61,
	       "room000060:60=- room000061:61=games/ultimatum/data/room000061/bonus.csv");
	expect(root, "ultimatum", NULL, 7, 7,
	       "room000007:7=games/ultimatum/data/room000007/bonus.csv "
	       "room7:7=games/ultimatum/data/room7/results.csv");
	expect(root, "ultimatum", NULL, 62, -1, "room1000000:1000000=games/ultimatum/data/room1000000/bonus.csv");
	expect(root, "ultimatum", NULL, -1, 7,
	       "room000007:7=games/ultimatum/data/room000007/bonus.csv "
	       "room7:7=games/ultimatum/data/room7/results.csv");
	expect(root, "ultimatum", NULL, 8, 9, "");
}

static void test_what_is_no_room(void **state)
{
	const char *root = *state;

	tree_make(root, "games/g/data/.room000001/bonus.csv");
	tree_make(root, "games/g/data/room000002/.bonus.csv");
	tree_make(root, "games/g/data/room000002/codes.csv");
	tree_make(root, "games/g/data/room000002/bonus.csv.2020-01-01.bak");
	tree_make(root, "games/g/data/room000002/.bonus.bak");
	tree_make(root, "games/g/data/room000002/bonus.csv_123.bak");
	tree_make(root, "games/g/data/room000002/.~lock.bonus.csv#");
	tree_make(root, "games/g/data/room000002/bonus_prolific.csv");
	tree_make(root, "games/g/data/room000002/Bonus.csv");
	tree_make(root, "games/g/data/room000003.bonus.csv");
	tree_make(root, "games/g/data/room000004");
	tree_make(root, "games/g/data/room000005/bonus.csv/");
	tree_make(root, "games/g/data/room000006x/bonus.csv");
	tree_make(root, "games/g/data/xroom000006/bonus.csv");
	tree_make(root, "games/g/data/room/bonus.csv");
	tree_make(root, "games/g/data/export/bonus.csv");
	tree_make(root, "games/g/data/results.csv");
	expect(root, "g", NULL, -1, -1, "room000002:2=- room000005:5=-");
}

static void test_own_file_of_the_data_folder(void **state)
{
	const char *root = *state;

	tree_make(root, "games/g/data/bonus.csv");
	tree_make(root, "games/g/data/room000001/bonus.csv");
	expect(root, "g", NULL, -1, -1, ":-1=games/g/data/bonus.csv room000001:1=games/g/data/room000001/bonus.csv");
	expect(root, "g", NULL, 1, -1, "room000001:1=games/g/data/room000001/bonus.csv");
	expect(root, "g", NULL, -1, 9, "room000001:1=games/g/data/room000001/bonus.csv");
}

static void test_pattern(void **state)
{
	const char *root = *state;

	tree_make(root, "games/g/data/pilot3/bonus.csv");
	tree_make(root, "games/g/data/12/bonus.csv");
	tree_make(root, "games/g/data/final/bonus.csv");
	tree_make(root, "games/g/data/room1/bonus.csv");
	tree_make(root, "games/g/data/.git/bonus.csv");
	tree_make(root, "games/g/data/export/bonus.csv");
	tree_make(root, "games/g/data/room1.bak/bonus.csv");
	tree_make(root, "games/g/data/p12345678901234567890/bonus.csv");
	expect(root, "g", "^(pilot|)[0-9]+$", -1, -1,
	       "pilot3:3=games/g/data/pilot3/bonus.csv 12:12=games/g/data/12/bonus.csv");
	expect(root, "g", "", -1, -1,
	       "final:-1=games/g/data/final/bonus.csv "
	       "p12345678901234567890:-1=games/g/data/p12345678901234567890/bonus.csv "
	       "room1:1=games/g/data/room1/bonus.csv pilot3:3=games/g/data/pilot3/bonus.csv "
	       "12:12=games/g/data/12/bonus.csv");
	expect(root, "g", "", 1, -1,
	       "room1:1=games/g/data/room1/bonus.csv pilot3:3=games/g/data/pilot3/bonus.csv "
	       "12:12=games/g/data/12/bonus.csv");
}

static void test_numbers(void **state)
{
	const char *root = *state;

	tree_make(root, "games/g/data/room0/bonus.csv");
	tree_make(root, "games/g/data/room000000/");
	tree_make(root, "games/g/data/room0000000000000000000000000005/");
	tree_make(root, "games/g/data/room999999999999999999/");
	tree_make(root, "games/g/data/room1000000000000000000/");
	expect(root, "g", NULL, -1, -1,
	       "room1000000000000000000:-1=- room0:0=games/g/data/room0/bonus.csv room000000:0=- "
	       "room0000000000000000000000000005:5=- room999999999999999999:999999999999999999=-");
}

static void test_links(void **state)
{
	const char *root = *state;
	struct room_list list;
	struct err err;
	char *real = tree_path(root, "games_available/g/data");

	tree_make(root, "games_available/g/package.json");
	tree_make(root, "games_available/g/data/room000001/bonus.csv");
	tree_make(root, "elsewhere/bonus.csv");
	tree_make(root, "games/");
	tree_link(root, "../games_available/g", "games/g");
	tree_link(root, "../../../elsewhere", "games_available/g/data/room000002");
	tree_link(root, "nowhere", "games_available/g/data/room000003");
	tree_link(root, "room000004", "games_available/g/data/room000004");
	assert_int_equal(rooms_find(&list, root, "g", NULL, -1, -1, &err), 0);
	assert_string_equal(list.data_path, real);
	rooms_finish(&list);
	free(real);
	expect(root, "g", NULL, -1, -1,
	       "room000001:1=games_available/g/data/room000001/bonus.csv room000002:2=elsewhere/bonus.csv");
}

static void test_games_available(void **state)
{
	const char *root = *state;

	tree_make(root, "games/");
	tree_make(root, "games_available/g/data/room1/bonus.csv");
	expect(root, "g", NULL, -1, -1, "room1:1=games_available/g/data/room1/bonus.csv");
}

static void test_paths(void **state)
{
	const char *root = *state;
	char *game = tree_path(root, "here/g/"), *data = tree_path(root, "here/g/data");
	char *bare = tree_path(root, "results");

	tree_make(root, "here/g/package.json");
	tree_make(root, "here/g/data/room1/bonus.csv");
	tree_make(root, "results/room2/bonus.csv");
	expect(root, game, NULL, -1, -1, "room1:1=here/g/data/room1/bonus.csv");
	expect(root, data, NULL, -1, -1, "room1:1=here/g/data/room1/bonus.csv");
	expect(root, bare, NULL, -1, -1, "room2:2=results/room2/bonus.csv");
	free(game);
	free(data);
	free(bare);
}

static void expect_error(const char *nodegame_path, const char *game, const char *pattern, int64_t min, int64_t max,
			 enum err_code code, const char *message, const char *hint)
{
	struct room_list list;
	struct err err = { .code = ERR_NONE };

	assert_int_equal(rooms_find(&list, nodegame_path, game, pattern, min, max, &err), -1);
	assert_int_equal(err.code, code);
	if (!strstr(err.message, message))
		fail_msg("%s", err.message);
	if (!strstr(err.hint, hint))
		fail_msg("%s", err.hint);
	assert_int_equal(list.count, 0);
	assert_null(list.data_path);
}

static void test_errors(void **state)
{
	const char *root = *state;
	char *missing = tree_path(root, "nowhere/x"), *file = tree_path(root, "file");

	tree_make(root, "games/ultimatum/data/");
	tree_make(root, "games/fresh/package.json");
	tree_make(root, "games/.hidden/data/");
	tree_make(root, "file");
	expect_error(root, "ultimatun", NULL, -1, -1, ERR_NOT_FOUND, "no game \"ultimatun\" below",
		     "did you mean \"ultimatum\"?");
	expect_error(root, "something-else", NULL, -1, -1, ERR_NOT_FOUND, "no game \"something-else\" below",
		     "there is \"fresh\" and others");
	expect_error(root, ".hidden", NULL, -1, -1, ERR_NOT_FOUND, "no game \".hidden\"", "");
	expect_error(root, "..", NULL, -1, -1, ERR_NOT_FOUND, "no game \"..\"", "");
	expect_error(root, "", NULL, -1, -1, ERR_NOT_FOUND, "no game \"\"", "");
	expect_error(NULL, "ultimatum", NULL, -1, -1, ERR_NOT_FOUND, "it is not known where nodeGame is",
		     "set \"path\" under [nodegame]");
	expect_error(missing, "ultimatum", NULL, -1, -1, ERR_NOT_FOUND, "no game \"ultimatum\"", "check \"path\"");
	expect_error(root, "fresh", NULL, -1, -1, ERR_NOT_FOUND, "has no data folder", "nodeGame makes it");
	expect_error(root, missing, NULL, -1, -1, ERR_NOT_FOUND, "No such file or directory", "give a game's name");
	expect_error(root, file, NULL, -1, -1, ERR_NOT_FOUND, "Not a directory", "give a game's name");
	expect_error(root, "ultimatum", "room(", -1, -1, ERR_CONFIG, "\"room(\" is not a regular expression", "");
	expect_error(root, "ultimatum", NULL, 9, 8, ERR_USAGE, "no rooms are from 9 to 8", "");
	free(missing);
	free(file);
}

static void test_no_rooms(void **state)
{
	const char *root = *state;

	tree_make(root, "games/g/data/");
	expect(root, "g", NULL, -1, -1, "");
}

static void test_unreadable_room(void **state)
{
	const char *root = *state;
	char *room;

	/* Nothing is unreadable to root. */
	if (geteuid() == 0)
		skip();
	tree_make(root, "games/g/data/room1/bonus.csv");
	room = tree_path(root, "games/g/data/room1");
	assert_int_equal(chmod(room, 0), 0);
	expect(root, "g", NULL, -1, -1, "room1:1=games/g/data/room1/bonus.csv");
	assert_int_equal(chmod(room, 0700), 0);
	free(room);
}

static void test_many_rooms(void **state)
{
	const char *root = *state;
	struct room_list list;
	struct err err;

	for (int i = 0; i < 500; i++) {
		char name[60];

		(void)snprintf(name, sizeof(name), "games/g/data/room%06d/bonus.csv", (i * 263) % 500);
		tree_make(root, name);
	}
	assert_int_equal(rooms_find(&list, root, "g", NULL, -1, -1, &err), 0);
	assert_int_equal(list.count, 500);
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(list.rooms[i].number, i);
	rooms_finish(&list);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rooms_of_a_game),	TEST(test_what_is_no_room), TEST(test_own_file_of_the_data_folder),
		TEST(test_pattern),		TEST(test_numbers),	    TEST(test_links),
		TEST(test_games_available),	TEST(test_paths),	    TEST(test_errors),
		TEST(test_no_rooms),		TEST(test_unreadable_room), TEST(test_many_rooms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
