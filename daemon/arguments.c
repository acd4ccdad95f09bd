/* SPDX-License-Identifier: MIT */
#include "arguments.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* For long options without a letter: beyond every letter. */
#define LONG_ONLY 256
#define HELP_COLUMN 34

struct row;

typedef int take_fn(struct arguments *arguments, const struct row *row, const char *value);

struct row {
	char letter; /* or 0 */
	const char *name;
	const char *also;     /* nodegame-mturk's name, or NULL */
	const char *argument; /* or NULL */
	const char *text;
	take_fn *take;
	const char *setting;      /* "queue.retries="; an argument stands behind it */
	void (*print)(FILE *out); /* instead of working */
};

static int add(struct arguments *arguments, const char *setting, const char *value, const char *unit)
{
	char *text;

	if (arguments->override_count == ARGUMENTS_OVERRIDES_MAX) {
		(void)fprintf(stderr, "ngmtd: more than %d options\n", ARGUMENTS_OVERRIDES_MAX);
		return -1;
	}
	if (asprintf(&text, "%s%s%s", setting, value ? value : "", unit) < 0) {
		(void)fputs("ngmtd: out of memory\n", stderr);
		return -1;
	}
	arguments->overrides[arguments->override_count++] = text;
	return 0;
}

static bool is_number(const char *text)
{
	return text[0] && text[strspn(text, "0123456789")] == '\0';
}

static int take_setting(struct arguments *arguments, const struct row *row, const char *value)
{
	return add(arguments, row->setting, value, "");
}

/* nodegame-mturk counts milliseconds. */
static int take_time(struct arguments *arguments, const struct row *row, const char *value)
{
	return add(arguments, row->setting, value, is_number(value) ? "ms" : "");
}

/* -o is the throttle's interval there: a bare number cannot be anything else. */
static int take_option(struct arguments *arguments, const struct row *row, const char *value)
{
	(void)row;
	return is_number(value) ? add(arguments, "queue.throttle_interval=", value, "ms")
				: add(arguments, "", value, "");
}

static int take_config(struct arguments *arguments, const struct row *row, const char *value)
{
	(void)row;
	arguments->config = value;
	return 0;
}

static int take_verbose(struct arguments *arguments, const struct row *row, const char *value)
{
	(void)row;
	(void)value;
	arguments->level = LOG_LEVEL_DEBUG;
	return 0;
}

static int take_quiet(struct arguments *arguments, const struct row *row, const char *value)
{
	(void)row;
	(void)value;
	arguments->level = LOG_LEVEL_WARN;
	return 0;
}

static int take_check(struct arguments *arguments, const struct row *row, const char *value)
{
	(void)row;
	(void)value;
	arguments->check_config = true;
	return 0;
}

static int take_print(struct arguments *arguments, const struct row *row, const char *value)
{
	(void)value;
	if (!arguments->print)
		arguments->print = row->print;
	return 0;
}

static void print_help(FILE *out);

static void print_version(FILE *out)
{
	(void)fputs("ngmtd " NGMT_VERSION "\n", out);
}

static const struct row rows[] = {
	{ 'C', "config", NULL, "FILE", "read this instead of /etc/ngmt/ngmt.conf", take_config, NULL, NULL },
	{ 'o', "option", NULL, "SECTION.KEY=VALUE", "set one option (repeatable; wins over the file)", take_option,
	  NULL, NULL },
	{ 's', "sandbox", NULL, NULL, "work in the sandbox: aws.sandbox=yes", take_setting, "aws.sandbox=yes", NULL },
	{ 'd', "dry", NULL, NULL, "send nothing that changes anything: queue.dry=yes", take_setting, "queue.dry=yes",
	  NULL },
	{ 'n', "retries", "nRetries", "NUMBER", "how often a request is tried again: queue.retries", take_setting,
	  "queue.retries=", NULL },
	{ 'l', "retry-interval", "retryInterval", "MS", "milliseconds before it is: queue.retry_interval", take_time,
	  "queue.retry_interval=", NULL },
	/* Also -o with a number. */
	{ 0, "throttle-interval", "throttleInterval", "MS",
	  "milliseconds between two requests (also -o MS): queue.throttle_interval", take_time,
	  "queue.throttle_interval=", NULL },
	{ 'r', "results", "resultsFile", "FILE", "load it if nothing is loaded: import.results_file", take_setting,
	  "import.results_file=", NULL },
	{ 'i', "inputcodes", "inputCodesFile", "FILE", "check codes against it: import.input_codes_file", take_setting,
	  "import.input_codes_file=", NULL },
	{ 'g', "game", NULL, "GAME", "watch this game too (repeatable): nodegame.game+=", take_setting,
	  "nodegame.game+=", NULL },
	{ 0, "check-config", NULL, NULL, "say what is wrong with the configuration, and stop", take_check, NULL, NULL },
	{ 0, "print-sample-config", NULL, NULL, "write a configuration with every option and its default", take_print,
	  NULL, config_write_sample },
	{ 0, "print-config-manual", NULL, NULL, "write the OPTIONS part of ngmt.conf(5)", take_print, NULL,
	  config_write_manual },
	{ 'v', "verbose", NULL, NULL, "log every step of every operation", take_verbose, NULL, NULL },
	{ 'q', "quiet", NULL, NULL, "log warnings and errors only", take_quiet, NULL, NULL },
	{ 'h', "help", NULL, NULL, "this text", take_print, NULL, print_help },
	{ 'V', "version", NULL, NULL, "the version", take_print, NULL, print_version },
};

static void print_row(FILE *out, const struct row *row)
{
	char letter[8] = "    ", name[80];

	if (row->letter)
		(void)snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	(void)snprintf(name, sizeof(name), "--%s%s%s", row->name, row->argument ? " " : "",
		       row->argument ? row->argument : "");
	(void)fprintf(out, "  %s%-*s %s", letter, HELP_COLUMN - 7, name, row->text);
	(void)fprintf(out, row->also ? " (also --%s)\n" : "\n", row->also);
}

static void print_help(FILE *out)
{
	(void)fputs("Usage: ngmtd [OPTION]...\n"
		    "\n"
		    "Pays the people who take part in online experiments. Runs in the foreground and logs to stderr.\n"
		    "\n",
		    out);
	for (size_t i = 0; i < COUNT(rows); i++)
		print_row(out, &rows[i]);
	(void)fputs("\nManual: ngmtd(8), ngmt.conf(5), ngmtctl(1)\n", out);
}

/* Of the table: what getopt_long() wants. Each row has its number as its value, so that no letter is needed. */
static void fill(struct option *out, char *letters)
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		int has_argument = rows[i].argument ? required_argument : no_argument;

		out[n++] = (struct option){ rows[i].name, has_argument, NULL, LONG_ONLY + (int)i };
		if (rows[i].also)
			out[n++] = (struct option){ rows[i].also, has_argument, NULL, LONG_ONLY + (int)i };
		if (rows[i].letter)
			*letters++ = rows[i].letter;
		if (rows[i].letter && rows[i].argument)
			*letters++ = ':';
	}
	out[n] = (struct option){ 0 };
	*letters = '\0';
}

/* NULL: getopt_long() has said what is wrong. */
static const struct row *row_of(int value)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (value == LONG_ONLY + (int)i || (rows[i].letter && value == rows[i].letter))
			return &rows[i];
	return NULL;
}

int arguments_read(struct arguments *arguments, int argc, char **argv)
{
	struct option options[2 * COUNT(rows) + 1];
	char letters[2 * COUNT(rows) + 1];
	int value;

	*arguments = (struct arguments){ .level = LOG_LEVEL_INFO };
	fill(options, letters);
	while ((value = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		const struct row *row = row_of(value);

		if (!row)
			(void)fputs("Try \"ngmtd --help\".\n", stderr);
		if (!row || row->take(arguments, row, optarg) < 0)
			return -1;
	}
	if (optind < argc) {
		(void)fprintf(stderr, "ngmtd: what is \"%s\"? Commands are given with ngmtctl.\n", argv[optind]);
		return -1;
	}
	return 0;
}

void arguments_finish(struct arguments *arguments)
{
	for (unsigned i = 0; i < arguments->override_count; i++) {
		/* It may be a secret. */
		explicit_bzero(arguments->overrides[i], strlen(arguments->overrides[i]));
		free(arguments->overrides[i]);
	}
	*arguments = (struct arguments){ 0 };
}
