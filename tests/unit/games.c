/* SPDX-License-Identifier: MIT
 *
 * Which data folders are watched, in a folder made for each test: installations with links, games by name and by
 * folder, what is not there yet, what is found twice; and where a change would lead to another list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "games.h"
#include "scratch.h"
#include "tree.h"

struct place {
	struct scratch scratch;
	struct config config;
	char *entries[8];
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	scratch_make(&place->scratch);
	place->config.games.items = place->entries;
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	for (size_t i = 0; i < place->config.games.count; i++)
		free(place->entries[i]);
	free(place->config.nodegame_path);
	scratch_remove(&place->scratch);
	free(place);
	return 0;
}

/* "%s" is the folder. */
static void add_game(struct place *place, const char *format)
{
	char **entry = &place->entries[place->config.games.count++];
	const char *at = strstr(format, "%s");

	if (at)
		assert_true(asprintf(entry, "%.*s%s%s", (int)(at - format), format, place->scratch.folder, at + 2) > 0);
	else
		assert_true(asprintf(entry, "%s", format) > 0);
}

/* "name policy join hits data path" of each, without the folder; "?" and why for those that are not there. */
static void expect(struct place *place, const char *expected)
{
	struct game_list list;
	struct err err;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	size_t skip = strlen(place->scratch.folder) + 1;

	assert_non_null(out);
	if (games_find(&list, &place->config, &err) < 0)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < list.count; i++) {
		const struct game *game = &list.games[i];

		(void)fprintf(out, "%s %s %s", game->name, policy_name(game->policy), join_way_name(game->join));
		for (size_t hit = 0; game->hits && game->hits[hit]; hit++)
			(void)fprintf(out, " %s", game->hits[hit]);
		(void)fprintf(out, " %s\n", game->data_path ? game->data_path + skip : "?");
		assert_true(game->data_path ? !game->why && game->identity.number != 0 : game->why != NULL);
	}
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, expected);
	free(text);
	games_finish(&list);
	games_finish(&list);
}

static void test_installation(void **state)
{
	static char policy[] = "approve", join[] = "exit-code";
	struct place *place = *state;
	const char *root = place->scratch.folder;

	tree_make(root, "games_available/ultimatum/package.json");
	tree_make(root, "games_available/ultimatum/data/");
	tree_make(root, "games_available/not-linked/data/");
	tree_make(root, "games/");
	tree_link(root, "../games_available/ultimatum", "games/ultimatum");
	tree_link(root, "../games_available/gone", "games/gone");
	tree_make(root, "games/direct/data/");
	tree_make(root, "games/fresh/package.json");
	tree_make(root, "games/no-game/readme/");
	tree_make(root, "games/.hidden/data/");
	tree_make(root, "games/file");
	place->config.nodegame_path = strdup(root);
	place->config.policy = policy;
	place->config.join = join;
	expect(place, "direct approve exit-code games/direct/data\n"
		      "fresh approve exit-code ?\n"
		      "ultimatum approve exit-code games_available/ultimatum/data\n");
}

static void test_entries(void **state)
{
	struct place *place = *state;
	const char *root = place->scratch.folder;

	tree_make(root, "games/named/data/");
	tree_make(root, "games_available/other/data/");
	tree_make(root, "here/my game/package.json");
	tree_make(root, "here/my game/data/");
	tree_make(root, "here/second/data/");
	tree_make(root, "results of 2026/room000001/");
	place->config.nodegame_path = strdup(root);
	add_game(place, "named policy=pay hit=3A hit=3B");
	add_game(place, "other join=none");
	add_game(place, "%s/here/my game/ policy=approve");
	add_game(place, "%s/here/second/data");
	add_game(place, "%s/results of 2026");
	add_game(place, "missing policy=pay");
	add_game(place, "%s/here/nowhere");
	expect(place, "named pay none 3A 3B games/named/data\n"
		      "other import none games_available/other/data\n"
		      "my game approve none here/my game/data\n"
		      "second import none here/second/data\n"
		      "results of 2026 import none results of 2026\n"
		      "missing pay none ?\n"
		      "nowhere import none ?\n");
}

static void test_found_twice(void **state)
{
	struct place *place = *state;
	const char *root = place->scratch.folder;

	tree_make(root, "games_available/a/data/");
	tree_make(root, "games_available/b/data/");
	tree_make(root, "games/");
	tree_link(root, "../games_available/a", "games/a");
	tree_link(root, "../games_available/a", "games/again");
	tree_link(root, "../games_available/b", "games/b");
	place->config.nodegame_path = strdup(root);
	/* An entry goes before the installation, also if it does more; of two entries the one that does less. */
	add_game(place, "a policy=pay hit=3A");
	add_game(place, "b policy=approve join=worker-id");
	add_game(place, "%s/games_available/b policy=import");
	add_game(place, "%s/games/b/data policy=pay");
	expect(place, "a pay none 3A games_available/a/data\n"
		      "b import worker-id games_available/b/data\n");
}

static void test_nowhere(void **state)
{
	struct place *place = *state;
	struct game_list list;
	struct err err;

	expect(place, "");
	assert_true(asprintf(&place->config.nodegame_path, "%s/nowhere", place->scratch.folder) > 0);
	assert_int_equal(games_find(&list, &place->config, &err), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.games[0].name, "games");
	assert_non_null(strstr(list.games[0].why, "nowhere/games\": No such file or directory"));
	games_finish(&list);
	free(place->config.nodegame_path);
	place->config.nodegame_path = NULL;
	add_game(place, "ultimatum");
	assert_int_equal(games_find(&list, &place->config, &err), 0);
	assert_non_null(strstr(list.games[0].why, "it is not known where nodeGame is"));
	games_finish(&list);
	place->entries[0][0] = '\0';
	assert_int_equal(games_find(&list, &place->config, &err), -1);
	assert_int_equal(err.code, ERR_CONFIG);
}

static int64_t identity(struct place *place)
{
	struct game_list list;
	struct err err;
	int64_t found;

	assert_int_equal(games_find(&list, &place->config, &err), 0);
	assert_non_null(list.games[0].data_path);
	found = list.games[0].identity.number;
	games_finish(&list);
	return found;
}

static void test_identity(void **state)
{
	struct place *place = *state;
	char *data = tree_path(place->scratch.folder, "game/data"), *old = tree_path(place->scratch.folder, "old");
	int64_t before;

	tree_make(place->scratch.folder, "game/data/");
	add_game(place, "%s/game");
	before = identity(place);
	tree_make(place->scratch.folder, "game/data/room1/");
	assert_int_equal(rename(data, old), 0);
	assert_int_equal(rename(old, data), 0);
	assert_true(identity(place) == before);
	/* Its number is often given to the next one. */
	for (int i = 0; i < 20; i++) {
		char *room = tree_path(data, "room1");

		(void)rmdir(room);
		assert_int_equal(rmdir(data), 0);
		free(room);
		tree_make(place->scratch.folder, "game/data/");
		assert_true(identity(place) != before);
	}
	free(data);
	free(old);
}

static bool leads_through(struct place *place, const char *folder, const char *name)
{
	struct game_list list;
	struct err err;
	char *path = NULL;
	bool found = false;

	assert_true(asprintf(&path, "%s%s%s", place->scratch.folder, folder[0] ? "/" : "", folder) > 0);
	assert_int_equal(games_find(&list, &place->config, &err), 0);
	for (size_t i = 0; i < list.points.count; i++) {
		const struct waypoint *point = &list.points.items[i];

		if (i > 0)
			assert_true(strcmp(point[-1].folder, point->folder) != 0 ||
				    strcmp(point[-1].name, point->name) != 0);
		found |= strcmp(point->folder, path) == 0 && strcmp(point->name, name) == 0;
	}
	games_finish(&list);
	free(path);
	return found;
}

static void test_points(void **state)
{
	struct place *place = *state;
	const char *root = place->scratch.folder;

	tree_make(root, "games_available/a/package.json");
	tree_make(root, "games/");
	tree_link(root, "../games_available/a", "games/a");
	place->config.nodegame_path = strdup(root);
	assert_true(leads_through(place, "", "games"));
	assert_true(leads_through(place, "games", ""));
	assert_true(leads_through(place, "games", "a"));
	assert_true(leads_through(place, "", "games_available"));
	assert_true(leads_through(place, "games_available", "a"));
	assert_true(leads_through(place, "games_available/a", "data"));
	assert_false(leads_through(place, "games_available", "b"));
	add_game(place, "b");
	assert_true(leads_through(place, "games_available", "b"));
	assert_true(leads_through(place, "games", "b"));
	add_game(place, "%s/x/y/../z");
	assert_true(leads_through(place, "", "x"));
	assert_false(leads_through(place, "x", "z"));
	tree_make(root, "x/y/");
	assert_true(leads_through(place, "x", "y"));
	assert_true(leads_through(place, "x", "z"));
	tree_link(root, "circle", "circle");
	add_game(place, "%s/circle");
	assert_true(leads_through(place, "", "circle"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_installation), TEST(test_entries), TEST(test_found_twice),
		TEST(test_nowhere),	 TEST(test_identity), TEST(test_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
