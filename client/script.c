/* SPDX-License-Identifier: MIT */
#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "printable.h"
#include "term.h"

struct script {
	struct console *console;
	FILE *in;
	char *line;
	size_t size;
	size_t number; /* of the line, from 1 */
};

/* The script moves to another descriptor, which no command knows. */
static FILE *take_input(struct err *err)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	FILE *in = NULL;

	if (fd >= 0 && nothing >= 0 && dup2(nothing, STDIN_FILENO) == STDIN_FILENO)
		in = fdopen(fd, "r");
	if (!in)
		(void)err_set(err, ERR_FILE, "cannot read the script: %s", strerror(errno));
	if (!in && fd >= 0)
		(void)close(fd);
	if (nothing >= 0 && nothing != STDIN_FILENO)
		(void)close(nothing);
	return in;
}

/* 1: there is a line; 0: that was all. */
static int read_line(struct script *script, struct err *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	ssize_t len;

	errno = 0;
	len = getline(&script->line, &script->size, script->in);
	if (len < 0)
		return ferror(script->in) ? err_set(err, ERR_FILE, "cannot read the script: %s", strerror(errno)) : 0;
	script->number++;
	if (len > SCRIPT_LINE_MAX || strlen(script->line) != (size_t)len)
		return err_set(err, ERR_FORMAT, "line %zu of the script is %s", script->number,
			       len > SCRIPT_LINE_MAX ? "too long" : "no text");
	script->line[strcspn(script->line, "\r\n")] = '\0';
	if (script->number == 1 && strncmp(script->line, mark, 3) == 0)
		memmove(script->line, script->line + 3, (size_t)len - 2);
	return 1;
}

/* What the line is, without the blanks around it; NULL: nothing. */
static const char *command_in(const char *line)
{
	line += strspn(line, " \t");
	return *line && *line != '#' ? line : NULL;
}

static void echo(const struct script *script, const char *command)
{
	if (script->console->is_quiet)
		return;
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s> ", term_style(stderr, TERM_DIM));
	printable_write(stderr, command);
	(void)fprintf(stderr, "%s\n", term_style(stderr, TERM_PLAIN));
}

static void say_stopped(const struct script *script, const char *command, bool is_last)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "ngmtctl: %sline %zu of the script failed with exit status %d: ",
		      term_style(stderr, TERM_BAD), script->number, script->console->status);
	printable_write(stderr, command);
	(void)fprintf(stderr, "%s\n", term_style(stderr, TERM_PLAIN));
	if (!is_last)
		(void)fputs("  what follows was not run; run the rest when it is put right, or say --keep-going\n",
			    stderr);
}

static bool has_more(const struct script *script)
{
	int c = fgetc(script->in);

	if (c != EOF)
		(void)ungetc(c, script->in);
	return c != EOF;
}

/* Whether to go on. */
static bool run_line(struct script *script, int *status, size_t *count)
{
	struct console *console = script->console;
	const char *command = command_in(script->line);

	if (!command)
		return true;
	echo(script, command);
	++*count;
	console->status = 0;
	if (!console_run_line(console, command))
		return true;
	console->signal = interrupt_reset();
	if (console->status != 0 && *status == 0)
		*status = console->status;
	if (console->is_over || console->signal)
		return false;
	if (console->status == 0 || option_is_given(console->invocation, OPTION_ID_KEEP_GOING))
		return true;
	say_stopped(script, command, !has_more(script));
	return false;
}

int script_run(struct console *console, int status, size_t *count, struct err *err)
{
	struct script script = { .console = console, .in = take_input(err) };
	int found = script.in ? 1 : -1;

	*count = 0;
	while (found > 0) {
		found = read_line(&script, err);
		if (found > 0 && !run_line(&script, &status, count))
			break;
	}
	free(script.line);
	if (script.in)
		(void)fclose(script.in);
	return found < 0 ? -1 : status;
}
