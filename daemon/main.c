/* SPDX-License-Identifier: MIT
 *
 * ngmtd: options, configuration, and then the daemon.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "daemon.h"
#include "log.h"

#define OVERRIDES_MAX 64

/* Who has run for so long does not relapse. */
#define HEALTHY_MS 60000
/* Between two attempts to take up a ledger again. */
#define AGAIN_S 5

struct arguments {
	const char *config;
	const char *overrides[OVERRIDES_MAX + 1];
	unsigned override_count;
	enum log_level level;
	bool check_config;
	void (*print)(FILE *out);
	bool finished; /* everything asked for is printed */
};

static void print_help(void)
{
	(void)fputs("Usage: ngmtd [OPTION]...\n"
		    "\n"
		    "Pays the people who take part in online experiments. Runs in the foreground and logs to stderr.\n"
		    "\n"
		    "  -C, --config FILE           read this instead of /etc/ngmt/ngmt.conf\n"
		    "  -o, --option SECTION.KEY=VALUE  set one option (repeatable; wins over the file)\n"
		    "      --check-config          say what is wrong with the configuration, and stop\n"
		    "      --print-sample-config   write a configuration with every option and its default\n"
		    "      --print-config-manual   write the OPTIONS part of ngmt.conf(5)\n"
		    "  -v, --verbose               log every step of every operation\n"
		    "  -q, --quiet                 log warnings and errors only\n"
		    "  -h, --help                  this text\n"
		    "      --version               the version\n"
		    "\n"
		    "Manual: ngmtd(8), ngmt.conf(5), ngmtctl(1)\n",
		    stdout);
}

enum { OPTION_CHECK = 256, OPTION_SAMPLE, OPTION_MANUAL, OPTION_VERSION };

static const struct option options[] = {
	{ "config", required_argument, NULL, 'C' },
	{ "option", required_argument, NULL, 'o' },
	{ "check-config", no_argument, NULL, OPTION_CHECK },
	{ "print-sample-config", no_argument, NULL, OPTION_SAMPLE },
	{ "print-config-manual", no_argument, NULL, OPTION_MANUAL },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

static int take_override(struct arguments *arguments, const char *text)
{
	if (arguments->override_count == OVERRIDES_MAX) {
		(void)fprintf(stderr, "ngmtd: more than %d options\n", OVERRIDES_MAX);
		return -1;
	}
	arguments->overrides[arguments->override_count++] = text;
	return 0;
}

static int take_option(struct arguments *arguments, int option)
{
	switch (option) {
	case 'C':
		arguments->config = optarg;
		return 0;
	case 'o':
		return take_override(arguments, optarg);
	case 'v':
		arguments->level = LOG_LEVEL_DEBUG;
		return 0;
	case 'q':
		arguments->level = LOG_LEVEL_WARN;
		return 0;
	case 'h':
		print_help();
		arguments->finished = true;
		return 0;
	case OPTION_CHECK:
		arguments->check_config = true;
		return 0;
	case OPTION_SAMPLE:
		arguments->print = config_write_sample;
		return 0;
	case OPTION_MANUAL:
		arguments->print = config_write_manual;
		return 0;
	case OPTION_VERSION:
		(void)puts("ngmtd " NGMT_VERSION);
		arguments->finished = true;
		return 0;
	default:
		(void)fputs("Try \"ngmtd --help\".\n", stderr);
		return -1;
	}
}

static int read_arguments(struct arguments *arguments, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "C:o:vqh", options, NULL)) != -1)
		if (take_option(arguments, option) < 0)
			return -1;
	if (optind < argc) {
		(void)fprintf(stderr, "ngmtd: what is \"%s\"? Commands are given with ngmtctl.\n", argv[optind]);
		return -1;
	}
	return 0;
}

static void print_problem(void *arg, const char *file, unsigned line, const struct err *problem)
{
	(void)arg;
	if (line)
		(void)fprintf(stderr, "%s:%u: %s", file, line, problem->message);
	else
		(void)fprintf(stderr, "%s: %s", file, problem->message);
	(void)fprintf(stderr, problem->hint[0] ? " (%s)\n" : "%s\n", problem->hint);
}

/* Names what was read: "good" must not be said of a file that is not there. */
static void print_good(const struct arguments *arguments)
{
	const char *path = arguments->config ? arguments->config : "/etc/ngmt/ngmt.conf";

	if (access(path, F_OK) == 0)
		(void)printf("%s: the configuration is good.\n", path);
	else
		(void)printf("There is no %s: the defaults are in force.\n", path);
}

/* Secrets must not lie in core dumps. */
static void forbid_core_dumps(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
}

/* Until it was told to end (0), failed (-1), or is to be made anew (1). */
static int run_once(const struct config *config, unsigned relapses)
{
	struct daemon daemon;
	struct err err;
	int result;

	if (daemon_init(&daemon, config, relapses, &err) < 0) {
		log_err("cannot start", &err);
		if (relapses == 0 || err.code != ERR_LEDGER)
			return -1;
		/* The disk may be full again. */
		(void)sleep(AGAIN_S);
		return 1;
	}
	result = daemon_run(&daemon, &err);
	if (result < 0)
		log_err(NULL, &err);
	daemon_finish(&daemon);
	return result;
}

static int run(const struct config *config)
{
	unsigned relapses = 0;

	for (;;) {
		int64_t started_ms = clock_mono_ms();
		int result = run_once(config, relapses);

		if (result <= 0)
			return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
		/* A ledger that fails at once when it is taken up again is tried less and less often. */
		relapses = clock_mono_ms() - started_ms > HEALTHY_MS || relapses == 0 ? 1 : relapses + 1;
	}
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .level = LOG_LEVEL_INFO };
	struct config config = { 0 };
	struct err err;
	int status;

	if (read_arguments(&arguments, argc, argv) < 0)
		return 2;
	if (arguments.finished)
		return EXIT_SUCCESS;
	if (arguments.print) {
		arguments.print(stdout);
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	log_open("ngmtd", arguments.level);
	if (config_load(&config, arguments.config, arguments.overrides, print_problem, NULL, &err) < 0)
		return EXIT_FAILURE;
	if (arguments.check_config) {
		print_good(&arguments);
		config_finish(&config);
		return EXIT_SUCCESS;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	/* A limit on the size of files is an error like a full disk, not an end. */
	(void)signal(SIGXFSZ, SIG_IGN);
	/* Handled while the daemon runs; between a failed ledger and the next try nobody does. */
	(void)signal(SIGHUP, SIG_IGN);
	(void)umask(0077);
	forbid_core_dumps();
	status = run(&config);
	config_finish(&config);
	return status;
}
