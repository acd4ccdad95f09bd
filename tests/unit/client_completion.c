/* SPDX-License-Identifier: MIT
 *
 * What TAB offers, line by line; that every argument of the tables has a source; that every command is in the help.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "choice.h"
#include "completion.h"
#include "completion_ask.h"
#include "completion_source.h"
#include "manual.h"
#include "options.h"
#include "wrap.h"

/* What the engine asked last, and words that any question is answered with. */
static char asked[64];

static void on_ask(struct completion *completion, const char *what, const char *prefix, void *arg)
{
	(void)arg;
	(void)snprintf(asked, sizeof(asked), "%s:%s", what, prefix);
	completion_add(completion, "A1NGMT0000001X", "one");
	completion_add(completion, "A1NGMT0000002X", "two");
}

static const struct completion_asker asker = { on_ask, NULL };

/* "a b c" of the words offered; the caller frees. */
static char *offered(const char *line)
{
	struct completion completion;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	asked[0] = '\0';
	completion_for_line(&completion, line, strlen(line), "exit|quit", &asker);
	for (size_t i = 0; i < completion.count; i++)
		(void)fprintf(out, "%s%s", i ? " " : "", completion.words[i].word);
	(void)fclose(out);
	completion_finish(&completion);
	return text;
}

static void test_lines(void **state)
{
	static const struct {
		const char *line;
		const char *words;
	} cases[] = {
		{ "ex", "exit extend expire" },
		{ "qui", "quit" },
		{ "help ex", "extend expire" },
		{ "  get  bal", "balance" },
		{ "GET b", "balance bonuses" },
		{ "get LastHITI", "LastHITId" },
		{ "getL", "getLastHITId" },
		{ "grant ", "bonus" },
		{ "gra", "grantBonus grant" },
		{ "hit s", "show" },
		{ "rooms re", "rescan" },
		{ "worker b", "block" },
		{ "nonsense ", "" },
		{ "queue list --kind no", "notify" },
		{ "queue list --kind=no", "--kind=notify" },
		{ "--color ne", "never" },
		{ "'get' \"ba", "balance" },
		{ "get\\ ba", "" },
		{ "bonus --pu", "--purpose" },
		{ "bonus --Uni", "--UniqueRequestToken" },
		{ "bonus -r x --rea", "" },
		{ "bonus --reason 'a b' --purp", "--purpose" },
		{ "bonus -- --purp", "" },
		{ "notify -w A1 --wor", "--worker" },
		{ "show results --verdict c", "conflict" },
		{ "load game x --val", "--validate-level" },
		{ "load game x -v ", "0 1 2" },
		{ "complete-w", "" },
		{ "help complete-w", "" },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; cases[i].words; i++) {
		char *words = offered(cases[i].line);

		if (strcmp(words, cases[i].words) != 0)
			fail_msg("\"%s\" offers \"%s\", not \"%s\"", cases[i].line, words, cases[i].words);
		free(words);
	}
}

static void test_ids_are_asked_for(void **state)
{
	static const struct {
		const char *line;
		const char *asked;
	} cases[] = {
		{ "worker A1", "workers:A1" },      { "worker block X A1", "workers:A1" },
		{ "extend a", "hits:a" },           { "extend X a", "" },
		{ "bonus --hit A", "hits:A" },      { "bonus --hit=A", "hits:A" },
		{ "bonus -yt n --hit A", "hits:A" }, { "bonus -t n", "" },
		{ "load game u", "games:u" },       { "rooms show ''", "rooms:" },
		{ "queue show 1", "operations:1" }, { "queue list --batch 1", "batches:1" },
		{ "get hits --select 3", "hits:3" }, { "get qualifications --select 3", "qualifications:3" },
		{ "--hit 3", "hits:3" },            { "get hits --max ", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		free(offered(cases[i].line));
		assert_string_equal(asked, cases[i].asked);
	}
}

static void test_the_cursor_may_stand_inside(void **state)
{
	struct completion completion;

	(void)state;
	completion_for_line(&completion, "show sum --json", 8, NULL, NULL);
	assert_int_equal(completion.count, 1);
	assert_string_equal(completion.words[0].word, "summary");
	assert_int_equal(completion.from, 5);
	completion_finish(&completion);
	completion_for_line(&completion, "show", 99, NULL, NULL);
	assert_string_equal(completion.typed, "show");
	completion_finish(&completion);
}

static void check_insertion(const char *line, const char *wanted)
{
	struct completion completion;
	char *text;

	completion_for_line(&completion, line, strlen(line), NULL, &asker);
	completion_add_files(&completion);
	text = completion_insertion(&completion);
	if (wanted)
		assert_string_equal(text ? text : "(none)", wanted);
	else
		assert_null(text);
	free(text);
	completion_finish(&completion);
}

static void test_insertion(void **state)
{
	(void)state;
	check_insertion("stat", "status ");
	check_insertion("STAT", "status ");
	check_insertion("status", "status ");
	check_insertion("get hit", NULL);
	check_insertion("get HI", "hit");
	check_insertion("s", NULL);
	check_insertion("worker A", "A1NGMT000000");
	check_insertion("worker A1NGMT000000", NULL);
	check_insertion("bonus --hit=a1", "--hit=A1NGMT000000");
	check_insertion("nonsense x", NULL);
	check_insertion("", NULL);
}

static void make_file(const char *name)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	(void)fclose(file);
}

static void test_files(void **state)
{
	char folder[] = "/tmp/ngmt-completion-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	make_file("two words.csv");
	make_file(".hidden.csv");
	assert_int_equal(mkdir("room000001", 0700), 0);
	make_file("room000001/bonus.csv");
	assert_int_equal(setenv("HOME", folder, 1), 0);
	check_insertion("load results two", "'two words.csv' ");
	check_insertion("load results 'two w", "'two words.csv' ");
	check_insertion("load results ro", "room000001/");
	check_insertion("load results room000001/", "room000001/bonus.csv ");
	check_insertion("load results ~/room000001/b", "~/room000001/bonus.csv ");
	check_insertion("load results .h", ".hidden.csv ");
	check_insertion("load results --app", "--append ");
	check_insertion("console --results=room000001/b", "--results=room000001/bonus.csv ");
	check_insertion("load results nothing/x", NULL);
	check_insertion("status ro", NULL);
	assert_int_equal(unlink("room000001/bonus.csv") + rmdir("room000001") + unlink(".hidden.csv"), 0);
	assert_int_equal(unlink("two words.csv") + chdir("/") + rmdir(folder), 0);
}

static void test_hostile_words_are_dropped(void **state)
{
	struct completion completion;

	(void)state;
	completion_for_line(&completion, "worker A", 8, NULL, NULL);
	completion_add(&completion, "A\033[2J", "");
	completion_add(&completion, "A\n", "");
	completion_add(&completion, "A\xff", "");
	completion_add(&completion, "B", "another beginning");
	completion_add(&completion, "A1", "\033bell");
	completion_add(&completion, "A1", "again");
	assert_int_equal(completion.count, 1);
	assert_null(strchr(completion.words[0].note, '\033'));
	completion_finish(&completion);
}

/* Any bytes, any cut: no crash, no leak. */
static void test_any_line(void **state)
{
	static const char bits[] = "queue list --kind=\\'\" -\t=get hit load results --socket /x -r \xc3\xa4 \x01";
	char line[40];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		unsigned random = i * 2654435761u;
		size_t len = 0;

		for (; len < sizeof(line) - 1 && len < random % 37; len++) {
			random = random * 1103515245u + 12345u;
			line[len] = bits[(random >> 8) % (sizeof(bits) - 1)];
		}
		line[len] = '\0';
		free(offered(line));
	}
}

static void test_every_argument_has_a_source(void **state)
{
	(void)state;
	for (size_t i = 0; i < COMMANDS; i++)
		if (commands[i].argument[0] && !command_is_hidden(&commands[i]) &&
		    !completion_source(commands[i].argument, &commands[i]))
			fail_msg("no source for %s of %s", commands[i].argument, commands[i].name);
	for (size_t i = 0; i < OPTION_IDS; i++)
		for (size_t c = 0; c < COMMANDS; c++)
			if (option_rows[i].argument && option_rows[i].kind != OPTION_CHOICE &&
			    option_belongs(&option_rows[i], &commands[c]) &&
			    !completion_source(option_rows[i].argument, &commands[c]))
				fail_msg("no source for --%s %s", option_rows[i].name, option_rows[i].argument);
	assert_null(completion_source("UNHEARD", NULL));
}

/* Each name of each command is offered for each of its beginnings but those that ours begin with, too. */
static void on_name(const char *name, void *arg)
{
	char line[100], last[100];
	const char *blank = strrchr(name, ' ');
	struct completion completion;
	bool is_found = false;

	(void)arg;
	(void)snprintf(line, sizeof(line), "%s", name);
	(void)snprintf(last, sizeof(last), "%s", blank ? blank + 1 : name);
	completion_for_line(&completion, line, strlen(line), NULL, NULL);
	for (size_t i = 0; i < completion.count; i++)
		is_found = is_found || strcasecmp(completion.words[i].word, last) == 0;
	if (!is_found)
		fail_msg("\"%s\" is not offered", name);
	completion_finish(&completion);
}

static void test_every_name_is_offered(void **state)
{
	(void)state;
	for (size_t i = 0; i < COMMANDS; i++)
		if (!command_is_hidden(&commands[i]))
			command_each_name(&commands[i], on_name, NULL);
}

/* --- help --- */

static char *help_text(const char *word, unsigned width)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (word)
		assert_true(manual_print_group(out, word, width));
	else
		manual_print_help(out, width);
	(void)fclose(out);
	return text;
}

static void test_help_names_every_command_once(void **state)
{
	char *text = help_text(NULL, 80), *rest = text, *line;

	(void)state;
	for (size_t i = 0; i < COMMANDS; i++) {
		char start[100];
		const char *at;

		(void)snprintf(start, sizeof(start), "\n  %s ", commands[i].name);
		at = strstr(text, start);
		if (command_is_hidden(&commands[i])) {
			assert_null(at);
			continue;
		}
		if (!at)
			fail_msg("\"%s\" belongs to no topic", commands[i].name);
		for (; (at = strstr(at + 1, start));)
			if (strncmp(at + strlen(start), commands[i].summary, 10) == 0)
				fail_msg("\"%s\" belongs to two topics", commands[i].name);
	}
	while ((line = strsep(&rest, "\n")))
		if (strlen(line) > 80)
			fail_msg("more than 80 columns: %s", line);
	free(text);
}

static void test_help_of_groups_and_topics(void **state)
{
	char *text = help_text("hit", 80);
	FILE *out = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(strstr(text, "  hit create FILE "));
	assert_non_null(strstr(text, "  hit list "));
	assert_non_null(strstr(text, "  hit extend [HIT] "));
	assert_null(strstr(text, "HITIdList"));
	free(text);
	text = help_text("GET", 80);
	assert_non_null(strstr(text, "  get hits "));
	assert_null(strstr(text, "HITIdList"));
	free(text);
	text = help_text("money", 80);
	assert_non_null(strstr(text, "  upload "));
	free(text);
	assert_false(manual_print_group(out, "nonsense", 80));
	assert_false(manual_print_group(out, "", 80));
	(void)fclose(out);
	assert_string_equal(manual_nearest("monye"), "money");
	assert_string_equal(manual_nearest("hti"), "hit");
	assert_null(manual_nearest("xxxxxxxx"));
	assert_null(manual_nearest("complete-words"));
}

static void test_wrapping(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(wrap_length("one two three", 7), 7);
	assert_int_equal(wrap_length("one two three", 6), 3);
	assert_int_equal(wrap_length("one -two", 4), 8);
	assert_int_equal(wrap_length("\xc3\xa4\xc3\xb6 x", 2), 4);
	assert_int_equal(wrap_length("unbreakable x", 4), 11);
	wrap_definition(out, "name", 6, "twenty columns are the least for a text", 10);
	wrap_definition(out, "too long", 4, "x", 80);
	wrap_definition(out, "bare", 4, "", 80);
	(void)fclose(out);
	assert_string_equal(text, "  name    twenty columns are\n          the least for a text\n"
				  "  too long\n        x\n  bare\n");
	free(text);
}

static void test_choices(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_true(choice_has("bash|zsh", "zsh"));
	assert_false(choice_has("bash|zsh", "ba"));
	assert_false(choice_has("bash|zsh", "bash|zsh"));
	assert_false(choice_has("bash|zsh", ""));
	assert_int_equal(choice_check("lane", "bonus", "approve|bonus", &err), 0);
	assert_int_equal(choice_check("lane", "bonsu", "approve|bonus", &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.message, "\"lane bonsu\": not one of approve|bonus");
	assert_string_equal(err.hint, "did you mean \"bonus\"?");
	assert_int_equal(choice_check("lane", "nonsense", "approve|bonus", &err), -1);
	assert_string_equal(err.hint, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_ids_are_asked_for),
		cmocka_unit_test(test_the_cursor_may_stand_inside),
		cmocka_unit_test(test_insertion),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_hostile_words_are_dropped),
		cmocka_unit_test(test_any_line),
		cmocka_unit_test(test_every_argument_has_a_source),
		cmocka_unit_test(test_every_name_is_offered),
		cmocka_unit_test(test_help_names_every_command_once),
		cmocka_unit_test(test_help_of_groups_and_topics),
		cmocka_unit_test(test_wrapping),
		cmocka_unit_test(test_choices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
