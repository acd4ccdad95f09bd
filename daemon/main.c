/* SPDX-License-Identifier: MIT
 *
 * ngmtd: options, configuration, and then the daemon.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "clock.h"
#include "config.h"
#include "daemon.h"
#include "log.h"

/* Who has run for so long does not relapse. */
#define HEALTHY_MS 60000
/* Between two attempts to take up a ledger again. */
#define AGAIN_S 5

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

static int run_with(const struct arguments *arguments)
{
	struct config config = { 0 };
	struct err err;
	int status;

	log_open("ngmtd", arguments->level);
	if (config_load(&config, arguments->config, (const char *const *)arguments->overrides, print_problem, NULL,
			&err) < 0)
		return EXIT_FAILURE;
	if (arguments->check_config) {
		print_good(arguments);
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

int main(int argc, char **argv)
{
	struct arguments arguments;
	int status = 2;

	if (arguments_read(&arguments, argc, argv) == 0) {
		if (!arguments.print) {
			status = run_with(&arguments);
		} else {
			arguments.print(stdout);
			status = fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
		}
	}
	arguments_finish(&arguments);
	return status;
}
