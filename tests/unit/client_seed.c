/* SPDX-License-Identifier: MIT
 *
 * Whatever could be typed in nodegame-mturk can be typed here: seed.def has all of it, and the command line takes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "migration.h"
#include "seed_manual.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* nodegame-mturk 6: the README's table of options, and every .command() and .option() of lib/core/vorpal.js. */
static const char *const start_letters = "crigQHstdnloqCh";
static const struct {
	const char *command;
	const char *letters;
} typed[] = {
	{ "connect", "" },	      { "extendHIT", "at" },	     { "expireHIT", "" },
	{ "notify", "wsm" },	      { "uploadResults", "fqQinbtr" }, { "grantBonus", "tr" },
	{ "assignQualification", "qin" }, { "get HITId", "" },	     { "get HITIdList", "s" },
	{ "get HITStatus", "" },      { "get QualificationTypeId", "" }, { "get QualificationTypeIdList", "s" },
	{ "get AccountBalance", "" }, { "get BonusPayments", "" },   { "load Game", "ralv" },
	{ "load Results", "rav" },    { "load InputCodes", "ra" },   { "show Results", "p" },
	{ "show Summary", "" },	      { "show InputCodes", "p" },    { "show Config", "" },
	{ "show Config.fields", "" }, { "show Fields", "" },	     { "help", "" },
};

static const struct seed_row *find(const char *command, char letter)
{
	const struct seed_row *row;

	for (size_t i = 0; (row = seed_row_at(i)) != NULL; i++) {
		if ((row->command == NULL) != (command == NULL) || (command && strcmp(row->command, command) != 0))
			continue;
		if (letter ? row->option && row->option[1] == letter : !row->option)
			return row;
	}
	return NULL;
}

static void test_everything_is_listed(void **state)
{
	(void)state;
	for (const char *letter = start_letters; *letter; letter++)
		assert_non_null(find(NULL, *letter));
	for (size_t i = 0; i < COUNT(typed); i++) {
		assert_non_null(find(typed[i].command, '\0'));
		for (const char *letter = typed[i].letters; *letter; letter++)
			assert_non_null(find(typed[i].command, *letter));
	}
}

/* A value that the option takes, or NULL. */
static const char *value_for(const struct option_row *option)
{
	if (!option->argument)
		return NULL;
	return option->kind == OPTION_RANGE ? "60-61" : option->kind == OPTION_NUMBER ? "1" : "X";
}

static void expect_taken(const struct seed_row *row, const char *option, const char *value)
{
	char line[200], *rest = line, *argv[16] = { strdup("ngmtctl") };
	struct invocation invocation;
	struct err err = { 0 };
	int argc = 1;

	(void)snprintf(line, sizeof(line), "%s", row->command ? row->command : "console");
	while (rest)
		argv[argc++] = strdup(strsep(&rest, " "));
	for (int i = 0; i < seed_command(row)->least_words; i++)
		argv[argc++] = strdup("WORD");
	/* uploadResults takes the options of what it does only with it. */
	if (row->command && strcmp(row->command, "uploadResults") == 0) {
		argv[argc++] = strdup("-b");
		argv[argc++] = strdup("-q");
	}
	if (option)
		argv[argc++] = strdup(option);
	if (value)
		argv[argc++] = strdup(value);
	if (invocation_parse(&invocation, argc, argv, &err) < 0)
		fail_msg("%s %s: %s", row->command ? row->command : "", option ? option : "", err.message);
	if (option && option_is_general(seed_option(row)))
		assert_non_null(invocation.command);
	else
		assert_ptr_equal(invocation.command, seed_command(row));
	invocation_finish(&invocation);
	while (argc > 0)
		free(argv[--argc]);
}

static void test_everything_is_taken(void **state)
{
	const struct seed_row *row;

	(void)state;
	for (size_t i = 0; (row = seed_row_at(i)) != NULL; i++) {
		const struct option_row *option;
		char letter[3] = "-";

		if (!seed_command(row) || (row->option && !seed_option(row)))
			fail_msg("%s %s is nothing here", row->command, row->option);
		if (!row->option) {
			expect_taken(row, NULL, NULL);
			continue;
		}
		option = seed_option(row);
		letter[1] = row->option[1];
		expect_taken(row, letter, value_for(option));
		expect_taken(row, strstr(row->option, "--"), value_for(option));
	}
}

static void test_the_manual_has_every_row(void **state)
{
	const struct seed_row *row;
	const struct migration_key *key;
	char *text = NULL, line[200];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	seed_manual_print_scdoc(out);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; (row = seed_row_at(i)) != NULL; i++)
		assert_non_null(strstr(text, row->option ? row->option : row->command));
	for (size_t i = 0; (key = migration_key_at(i)) != NULL; i++) {
		(void)snprintf(line, sizeof(line), "|  %s\n", key->name);
		assert_non_null(strstr(text, line));
	}
	assert_null(strstr(text, "**"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_is_listed),
		cmocka_unit_test(test_everything_is_taken),
		cmocka_unit_test(test_the_manual_has_every_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
