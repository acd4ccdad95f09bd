/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "choice.h"
#include "protocol.h"
#include "queue_select.h"
#include "room_select.h"
#include "suggest.h"

/* Above every letter: what getopt_long returns for long names. */
#define LONG_BASE 256

#define ON(command) ((command_mask)1 << COMMAND_##command)
#define ON_ALL (~(command_mask)0)
#define ON_LOAD (ON(LOAD_RESULTS) | ON(LOAD_GAME))
#define ON_LOAD_ANY (ON_LOAD | ON(LOAD_INPUTCODES))
#define ON_QUEUE_PICK (ON(QUEUE_RELEASE) | ON(QUEUE_CANCEL) | ON(QUEUE_HOLD) | ON(QUEUE_RETRY))
#define ON_QUEUE_CHANGE (ON_QUEUE_PICK | ON(QUEUE_RESOLVE))
#define ON_QUEUE (ON(QUEUE_LIST) | ON_QUEUE_PICK)
#define ON_PAY (ON(APPROVE) | ON(REJECT) | ON(BONUS) | ON(QUALIFY) | ON(UPLOAD))
#define ON_PLAN (ON_PAY | ON(NOTIFY))
#define ON_ERRAND \
	(ON(HIT_CREATE) | ON(EXTEND) | ON(EXPIRE) | ON(HIT_DELETE) | ON(QUALIFICATION_CREATE) | \
	 ON(QUALIFICATION_GRANT) | ON(QUALIFICATION_REVOKE) | ON(WORKER_BLOCK) | ON(WORKER_UNBLOCK))
#define ON_ROOMS (ON(ROOMS_LIST) | ON(ROOMS_SHOW) | ON(ROOMS_ADOPT) | ON(ROOMS_IGNORE))

static_assert(COMMANDS < 128, "the mask of an option holds 128 commands");

const struct option_row option_rows[] = {
#define OPTION(symbol, name, seed, letter, argument, kind, least, most, where, text) \
	{ OPTION_ID_##symbol, name, seed, letter, argument, kind, least, most, where, text },
#include "options.def"
#undef OPTION
};

bool option_is_general(const struct option_row *row)
{
	return row->where == ON_ALL;
}

bool option_belongs(const struct option_row *row, const struct command *command)
{
	return option_is_general(row) || (command && (row->where >> command->id & 1) != 0);
}

/* What getopt_long wants, made from the table for one command. */
struct grammar {
	const struct command *command;
	const struct command *named; /* for messages; NULL: none was typed */
	bool prefer_general;
	char letters[2 * OPTION_IDS + 3];
	struct option longs[2 * OPTION_IDS + 1];
};

static const struct option_row *find_letter(const struct grammar *grammar, int letter)
{
	const struct option_row *found = NULL;

	for (size_t i = 0; i < OPTION_IDS; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->letter != letter || !option_belongs(row, grammar->command))
			continue;
		if (!found || option_is_general(row) == grammar->prefer_general)
			found = row;
	}
	return found;
}

static void grammar_add_letter(struct grammar *grammar, const struct option_row *row)
{
	size_t len = strlen(grammar->letters);

	if (row->letter && find_letter(grammar, row->letter) == row)
		(void)snprintf(grammar->letters + len, sizeof(grammar->letters) - len, "%c%s", row->letter,
			       row->argument ? ":" : "");
}

static void grammar_init(struct grammar *grammar, const struct command *command, bool is_before)
{
	size_t n = 0;

	*grammar = (struct grammar){ .command = command, .named = command, .prefer_general = is_before };
	/* "+": stop at the first word; ":": tell a missing argument from an unknown option. */
	(void)snprintf(grammar->letters, sizeof(grammar->letters), "%s:", is_before ? "+" : "");
	for (size_t i = 0; i < OPTION_IDS; i++) {
		const struct option_row *row = &option_rows[i];
		int has_argument = row->argument ? required_argument : no_argument;

		if (!option_belongs(row, command))
			continue;
		grammar_add_letter(grammar, row);
		grammar->longs[n++] = (struct option){ row->name, has_argument, NULL, LONG_BASE + (int)i };
		if (row->seed)
			grammar->longs[n++] = (struct option){ row->seed, has_argument, NULL, LONG_BASE + (int)i };
	}
}

static void add_given(struct invocation *invocation, const struct option_row *row, const char *value)
{
	invocation->given[invocation->given_count++] = (struct option_given){ row->id, value };
}

/* Which commands do know an option that this one does not. */
static const char *owner_of(const char *name)
{
	for (size_t i = 0; i < OPTION_IDS; i++)
		for (size_t c = 0; strcmp(option_rows[i].name, name) == 0 && c < COMMANDS; c++)
			if (option_belongs(&option_rows[i], &commands[c]))
				return commands[c].name;
	return NULL;
}

static int refuse_long(const struct grammar *grammar, const char *token, struct err *err)
{
	char name[64];
	struct suggest suggest;

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(token + 2, "="), token + 2);
	suggest_init(&suggest, name);
	for (const struct option *o = grammar->longs; o->name; o++)
		suggest_offer(&suggest, o->name);
	/* An unambiguous beginning is a better hint than a similar name, but it is not run either. */
	for (const struct option *o = grammar->longs; o->name && !suggest.best && *name; o++)
		if (strncmp(o->name, name, strlen(name)) == 0)
			suggest.best = o->name;
	(void)err_set(err, ERR_USAGE, "unknown option \"--%s\"%s%s", name, grammar->named ? " of " : "",
		      grammar->named ? grammar->named->name : "");
	if (suggest.best)
		return err_hint(err, "did you mean \"--%s\"?", suggest.best);
	if (owner_of(name))
		return err_hint(err, "it belongs to \"%s\"", owner_of(name));
	return err_hint(err, "\"ngmtctl help%s%s\" lists the options", grammar->named ? " " : "",
			grammar->named ? grammar->named->name : "");
}

static int refuse_letter(const struct grammar *grammar, int letter, struct err *err)
{
	(void)err_set(err, ERR_USAGE, "unknown option \"-%c\"%s%s", letter, grammar->named ? " of " : "",
		      grammar->named ? grammar->named->name : "");
	return err_hint(err, "\"ngmtctl help%s%s\" lists the options", grammar->named ? " " : "",
			grammar->named ? grammar->named->name : "");
}

/* getopt_long said '?' or ':'; its own globals tell which word it was. */
static int refuse_option(const struct grammar *grammar, char *const *argv, int found, struct err *err)
{
	const char *token = argv[optind - 1];

	if (found == ':' && optopt >= LONG_BASE)
		return err_set(err, ERR_USAGE, "option \"--%s\" needs a value: %s",
			       option_rows[optopt - LONG_BASE].name, option_rows[optopt - LONG_BASE].argument);
	if (found == ':')
		return err_set(err, ERR_USAGE, "option \"-%c\" needs a value", optopt);
	if (optopt >= LONG_BASE)
		return err_set(err, ERR_USAGE, "option \"--%s\" takes no value", option_rows[optopt - LONG_BASE].name);
	if (optopt)
		return refuse_letter(grammar, optopt, err);
	return refuse_long(grammar, token, err);
}

/* getopt_long takes beginnings of names; a program that pays must not. */
static bool is_spelled_out(const struct option *matched, char *const *argv)
{
	const char *token = argv[optind - 1];

	if (matched->has_arg == required_argument && optarg == token)
		token = argv[optind - 2];
	return strncmp(token, "--", 2) == 0 && strncmp(token + 2, matched->name, strlen(matched->name)) == 0 &&
	       (token[2 + strlen(matched->name)] == '\0' || token[2 + strlen(matched->name)] == '=');
}

/* Parses one stretch of options; `optind` is where it stopped. */
static int parse_stretch(struct invocation *invocation, const struct grammar *grammar, int argc, char **argv,
			 struct err *err)
{
	int found, matched = -1;

	/* 0, not 1: glibc then forgets the order of the stretch before. */
	optind = 0;
	opterr = 0;
	while ((found = getopt_long(argc, argv, grammar->letters, grammar->longs, &matched)) != -1) {
		const struct option_row *row;

		if (found == '?' || found == ':')
			return refuse_option(grammar, argv, found, err);
		if (found >= LONG_BASE && !is_spelled_out(&grammar->longs[matched], argv))
			return refuse_long(grammar, optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1],
					   err);
		row = found >= LONG_BASE ? &option_rows[found - LONG_BASE] : find_letter(grammar, found);
		if (row)
			add_given(invocation, row, optarg);
	}
	return 0;
}

static bool is_number(const char *text, int64_t least, int64_t most)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value >= least && value <= most;
}

static bool parse_range(const char *text, int64_t *least, int64_t *most)
{
	char *end;

	if (text[0] < '0' || text[0] > '9' || strspn(text, "0123456789-") != strlen(text) || strlen(text) > 30)
		return false;
	*least = *most = strtoll(text, &end, 10);
	if (*end == '\0')
		return true;
	if (end[1] == '\0') {
		*most = INT64_MAX;
		return true;
	}
	return is_number(end + 1, *least, INT64_MAX - 1) && (*most = strtoll(end + 1, NULL, 10)) >= *least;
}

static int check_value(const struct option_row *row, const char *value, struct err *err)
{
	int64_t least, most;
	char name[64];

	switch (row->kind) {
	case OPTION_NUMBER:
		if (is_number(value, row->least, row->most))
			return 0;
		return err_set(err, ERR_USAGE, "\"--%s %.40s\": not a whole number from %lld to %lld", row->name, value,
			       (long long)row->least, (long long)row->most);
	case OPTION_CHOICE:
		(void)snprintf(name, sizeof(name), "--%s", row->name);
		return choice_check(name, value, row->argument, err);
	case OPTION_RANGE:
		if (parse_range(value, &least, &most))
			return 0;
		return err_set(err, ERR_USAGE, "\"--%s %.40s\": not a range such as 60-61", row->name, value);
	case OPTION_TEXT:
	case OPTION_LIST:
		if (value[0] != '\0')
			return 0;
		return err_set(err, ERR_USAGE, "\"--%s\" is empty", row->name);
	case OPTION_FLAG:
		break;
	}
	return 0;
}

static int check_given(const struct invocation *invocation, struct err *err)
{
	unsigned seen[OPTION_IDS] = { 0 };

	for (size_t i = 0; i < invocation->given_count; i++) {
		const struct option_given *given = &invocation->given[i];
		const struct option_row *row = &option_rows[given->id];

		if (seen[row->id]++ && row->kind != OPTION_FLAG && row->kind != OPTION_LIST)
			return err_set(err, ERR_USAGE, "option \"--%s\" is given twice", row->name);
		if (given->value && check_value(row, given->value, err) < 0)
			return -1;
	}
	return 0;
}

/* Options that exclude each other or are void without another one. */
static int check_together(const struct invocation *invocation, struct err *err)
{
	static const struct {
		enum option_id a;
		enum option_id b;
	} excluding[] = {
		{ OPTION_ID_APPEND, OPTION_ID_REPLACE },
		{ OPTION_ID_TO, OPTION_ID_ROOM },       { OPTION_ID_TO, OPTION_ID_GAME },
		{ OPTION_ID_TO, OPTION_ID_HIT },        { OPTION_ID_TO, OPTION_ID_ASSIGNMENT },
		{ OPTION_ID_MESSAGE, OPTION_ID_MESSAGE_FILE },
		{ OPTION_ID_WAIT, OPTION_ID_NO_WAIT },
		{ OPTION_ID_TYPE_ID, OPTION_ID_TYPE_ID_Q },
		{ OPTION_ID_DRY_RUN, OPTION_ID_YES },
		{ OPTION_ID_HELD, OPTION_ID_STATE },
		{ OPTION_ID_CANCELLED, OPTION_ID_HOLD },
		{ OPTION_ID_DONE, OPTION_ID_NOT_DONE },
		{ OPTION_ID_CSV, OPTION_ID_JSON },
		{ OPTION_ID_EVERYTHING, OPTION_ID_HITS },
		{ OPTION_ID_EVERYTHING, OPTION_ID_ROOM },
		{ OPTION_ID_EVERYTHING, OPTION_ID_GAME },
		{ OPTION_ID_UNCLAIMED, OPTION_ID_PROBLEMS },    { OPTION_ID_UNCLAIMED, OPTION_ID_ROOM_STATE },
		{ OPTION_ID_UNCLAIMED, OPTION_ID_FOLLOW },      { OPTION_ID_FOLLOW, OPTION_ID_PROBLEMS },
		{ OPTION_ID_FOLLOW, OPTION_ID_ROOM_STATE },     { OPTION_ID_PROBLEMS, OPTION_ID_ROOM_STATE },
	}, needing[] = {
		{ OPTION_ID_REASON, OPTION_ID_DO_BONUS },       { OPTION_ID_PURPOSE, OPTION_ID_DO_BONUS },
		{ OPTION_ID_TYPE_ID, OPTION_ID_DO_QUALIFY },    { OPTION_ID_INTEGER, OPTION_ID_DO_QUALIFY },
		{ OPTION_ID_NOTIFY, OPTION_ID_DO_QUALIFY },
	};

	for (size_t i = 0; i < sizeof(excluding) / sizeof(excluding[0]); i++)
		if (option_is_given(invocation, excluding[i].a) && option_is_given(invocation, excluding[i].b))
			return err_set(err, ERR_USAGE, "options \"--%s\" and \"--%s\" exclude each other",
				       option_rows[excluding[i].a].name, option_rows[excluding[i].b].name);
	for (size_t i = 0; i < sizeof(needing) / sizeof(needing[0]) && invocation->command->id == COMMAND_UPLOAD; i++)
		if (option_is_given(invocation, needing[i].a) && !option_is_given(invocation, needing[i].b))
			return err_set(err, ERR_USAGE, "option \"--%s\" has no effect without \"--%s\"",
				       option_rows[needing[i].a].name, option_rows[needing[i].b].name);
	return 0;
}

/* "queue lst": the group alone is a command too, so its surplus word is a misspelt name. */
static bool is_half_a_name(const struct invocation *invocation)
{
	const char *before = invocation->words[-1], *name = invocation->command->name;
	size_t len = strlen(before);

	return strncasecmp(name, before, len) == 0 && name[len] == ' ';
}

static int check_words(const struct invocation *invocation, struct err *err)
{
	const struct command *command = invocation->command;

	if (invocation->word_count > command->most_words && is_half_a_name(invocation))
		return command_refuse(invocation->words - 1, 2, err);
	if (invocation->word_count < command->least_words)
		(void)err_set(err, ERR_USAGE, "\"%s\" needs %s", command->name, command->argument);
	else if (invocation->word_count > command->most_words)
		(void)err_set(err, ERR_USAGE, "\"%s\" does not take \"%.80s\"", command->name,
			      invocation->words[command->most_words]);
	else
		return 0;
	return err_hint(err, "usage: ngmtctl %s%s%s [OPTIONS]", command->name, command->argument[0] ? " " : "",
			command->argument);
}

/* Tries the command whose first word is scratch[at]: everything before it must be options with their values. 1: it
 * is that command and the rest was parsed; 0: a value of an option, or an error (kept in `err`). */
static int try_command(struct invocation *invocation, int at, struct err *err, bool *is_refused)
{
	struct grammar grammar;
	int used;
	const struct command *command = command_find(invocation->scratch + at, invocation->argc - at, &used);

	if (!command)
		return 0;
	invocation->given_count = 0;
	grammar_init(&grammar, command, true);
	if (parse_stretch(invocation, &grammar, at, invocation->scratch, err) < 0) {
		*is_refused = true;
		return 0;
	}
	if (optind != at)
		return 0;
	*is_refused = false;
	invocation->command = command;
	at += used;
	grammar_init(&grammar, command, false);
	if (parse_stretch(invocation, &grammar, invocation->argc - at + 1, invocation->scratch + at - 1, err) < 0)
		return -1;
	invocation->words = invocation->scratch + at - 1 + optind;
	invocation->word_count = invocation->argc - at + 1 - optind;
	return 1;
}

static const struct command *command_by_id(enum command_id id)
{
	return &commands[id];
}

/* "ngmtctl foo --help" and "ngmtctl bonuss": words that name no command. 1: it is help about them. */
static int take_words(struct invocation *invocation, char **words, int count, struct err *err)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) {
			invocation->command = command_by_id(COMMAND_HELP);
			invocation->words = words;
			invocation->word_count = i;
			return 1;
		}
	return command_refuse(words, count, err);
}

/* "-g mygame 60-61 -Q": the only word that may stand among the options that start the console. */
static int take_range(struct invocation *invocation, struct grammar *grammar, int at, struct err *err)
{
	if (parse_stretch(invocation, grammar, invocation->argc - at, invocation->scratch + at, err) < 0)
		return -1;
	invocation->words = invocation->scratch + at;
	invocation->word_count = 1;
	if (invocation->argc - at - optind == 0)
		return 0;
	return err_set(err, ERR_USAGE, "\"%.80s\" is one word too many", invocation->words[optind]);
}

/* No command was typed: it is the console, with the options that start it, or a word that names no command. */
static int parse_console(struct invocation *invocation, struct err *err)
{
	const struct command *console = command_by_id(COMMAND_CONSOLE);
	struct grammar grammar;
	int64_t least, most;
	int at, found = 0;

	grammar_init(&grammar, console, true);
	grammar.named = NULL;
	invocation->given_count = 0;
	if (parse_stretch(invocation, &grammar, invocation->argc, invocation->scratch, err) < 0)
		return -1;
	at = optind;
	if (at < invocation->argc && option_is_given(invocation, OPTION_ID_START_GAME) &&
	    parse_range(invocation->scratch[at], &least, &most)) {
		grammar_init(&grammar, console, false);
		grammar.named = NULL;
		found = take_range(invocation, &grammar, at, err);
	} else if (at < invocation->argc) {
		found = take_words(invocation, invocation->scratch + at, invocation->argc - at, err);
	}
	if (found != 0)
		return found < 0 ? -1 : 0;
	invocation->is_unnamed = true;
	if (!option_is_given(invocation, OPTION_ID_HELP) && !option_is_given(invocation, OPTION_ID_VERSION))
		invocation->command = console;
	return 0;
}

/* A word was the name of a command, but what stood before it was none of its options: "-t bonus" starts the console,
 * for the word was a value; else what was wrong with the command is said. */
static int parse_without_command(struct invocation *invocation, bool is_refused, struct err *err)
{
	struct err other = { 0 };

	if (!is_refused)
		return parse_console(invocation, err);
	if (parse_console(invocation, &other) == 0 && invocation->command &&
	    invocation->command->id == COMMAND_CONSOLE)
		return 0;
	invocation->command = NULL;
	return -1;
}

/* --help and --version are commands in the dress of options. */
static int redirect(struct invocation *invocation)
{
	if (option_is_given(invocation, OPTION_ID_HELP)) {
		invocation->about = invocation->command;
		invocation->command = command_by_id(COMMAND_HELP);
		invocation->word_count = 0;
		return 1;
	}
	if (option_is_given(invocation, OPTION_ID_VERSION)) {
		invocation->command = command_by_id(COMMAND_VERSION);
		invocation->word_count = 0;
		return 1;
	}
	return 0;
}

/* Errors are reported as JSON even if the error stands before --json. */
static void find_json(struct invocation *invocation)
{
	for (int i = 1; i < invocation->argc && !option_is_given(invocation, OPTION_ID_JSON); i++)
		if (strcmp(invocation->argv[i], "--json") == 0)
			add_given(invocation, &option_rows[OPTION_ID_JSON], NULL);
}

static int parse_all(struct invocation *invocation, struct err *err)
{
	bool is_refused = false;
	int found = 0;

	for (int i = 1; i < invocation->argc && found == 0; i++)
		if (invocation->scratch[i] && invocation->scratch[i][0] != '-')
			found = try_command(invocation, i, err, &is_refused);
	if (found < 0)
		return -1;
	if (found == 0 && parse_without_command(invocation, is_refused, err) < 0)
		return -1;
	if (redirect(invocation) || !invocation->command)
		return check_given(invocation, err);
	if (check_given(invocation, err) < 0 || check_words(invocation, err) < 0)
		return -1;
	return check_together(invocation, err) < 0 || queue_select_check(invocation, err) < 0
		       ? -1
		       : room_select_check(invocation, err);
}

int invocation_parse(struct invocation *invocation, int argc, char *const *argv, struct err *err)
{
	*invocation = (struct invocation){ .argc = argc, .argv = argv };
	invocation->scratch = calloc((size_t)argc + 1, sizeof(*invocation->scratch));
	/* A word like -abq gives as many options as it has letters; each has at least one byte. And
	 * invocation_make_dry() adds one. */
	size_t most = 2;

	for (int i = 0; i < argc; i++)
		most += strlen(argv[i]) + 1;
	invocation->given = calloc(most, sizeof(*invocation->given));
	if (!invocation->scratch || !invocation->given)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (int i = 0; i < argc; i++)
		invocation->scratch[i] = argv[i];
	if (parse_all(invocation, err) == 0)
		return 0;
	find_json(invocation);
	return -1;
}

void invocation_finish(struct invocation *invocation)
{
	free(invocation->scratch);
	free(invocation->given);
	*invocation = (struct invocation){ 0 };
}

/* Commands that change nothing but the working set, or only look. */
static bool is_harmless(const struct command *command)
{
	static const enum command_id harmless[] = { COMMAND_LOAD_RESULTS, COMMAND_LOAD_GAME, COMMAND_LOAD_INPUTCODES,
						    COMMAND_ROOMS_RESCAN };

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (command->id == harmless[i])
			return true;
	return command->access != ACCESS_CHANGE;
}

int invocation_make_dry(struct invocation *invocation, struct err *err)
{
	if (is_harmless(invocation->command))
		return 0;
	if (!option_belongs(&option_rows[OPTION_ID_DRY_RUN], invocation->command)) {
		(void)err_set(err, ERR_STATE, "this console only shows what would be done (-d), and \"%s\" cannot",
			      invocation->command->name);
		return err_hint(err, "to do it, start ngmtctl without -d");
	}
	for (size_t i = 0; i < invocation->given_count; i++)
		if (invocation->given[i].id == OPTION_ID_YES)
			invocation->given[i].id = OPTION_ID_DRY_RUN;
	if (!option_is_given(invocation, OPTION_ID_DRY_RUN))
		add_given(invocation, &option_rows[OPTION_ID_DRY_RUN], NULL);
	return 0;
}

bool option_is_given(const struct invocation *invocation, enum option_id id)
{
	for (size_t i = 0; i < invocation->given_count; i++)
		if (invocation->given[i].id == id)
			return true;
	return false;
}

const char *option_text(const struct invocation *invocation, enum option_id id)
{
	for (size_t i = invocation->given_count; i > 0; i--)
		if (invocation->given[i - 1].id == id)
			return invocation->given[i - 1].value;
	return NULL;
}

int64_t option_number(const struct invocation *invocation, enum option_id id, int64_t absent)
{
	const char *text = option_text(invocation, id);

	return text ? strtoll(text, NULL, 10) : absent;
}

bool option_range(const struct invocation *invocation, enum option_id id, int64_t *least, int64_t *most)
{
	const char *text = option_text(invocation, id);

	return text && parse_range(text, least, most);
}
