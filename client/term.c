/* SPDX-License-Identifier: MIT */
#include "term.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "interrupt.h"
#include "printable.h"

static bool colour_always;
static bool colour_never;

void term_init(const char *choice)
{
	const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

	colour_always = choice && strcmp(choice, "always") == 0;
	colour_never = choice && strcmp(choice, "never") == 0;
	if (!choice || strcmp(choice, "auto") == 0)
		colour_never = (no_color && no_color[0]) || (terminal && strcmp(terminal, "dumb") == 0);
}

bool term_is_terminal(FILE *stream)
{
	return isatty(fileno(stream)) == 1;
}

bool term_can_ask(void)
{
	return term_is_terminal(stdin) && term_is_terminal(stderr);
}

bool term_has_colour(FILE *stream)
{
	return !colour_never && (colour_always || term_is_terminal(stream));
}

unsigned term_width(FILE *stream)
{
	struct winsize size = { 0 };

	if (ioctl(fileno(stream), TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

unsigned term_height(FILE *stream)
{
	struct winsize size = { 0 };

	if (ioctl(fileno(stream), TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		return 24;
	return size.ws_row;
}

bool term_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && value[0])
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

const char *term_style(FILE *stream, enum term_style style)
{
	static const char *const escapes[TERM_STYLES] = {
		[TERM_PLAIN] = "\033[0m",         [TERM_BOLD] = "\033[1m",       [TERM_DIM] = "\033[2m",
		[TERM_GOOD] = "\033[32m",         [TERM_WARN] = "\033[33m",      [TERM_BAD] = "\033[31m",
		[TERM_LIVE] = "\033[1;97;41m",    [TERM_SANDBOX] = "\033[1;30;42m",
		[TERM_REHEARSAL] = "\033[1;30;46m",
	};

	return term_has_colour(stream) ? escapes[style] : "";
}

static void trim(char *text)
{
	size_t from = strspn(text, " \t\r\n"), len = strlen(text);

	while (len > from && strchr(" \t\r\n", text[len - 1]))
		len--;
	memmove(text, text + from, len - from);
	text[len - from] = '\0';
}

/* What does not fit into `answer` belongs to the same answer, not to the next question. */
static void drop_rest_of_line(void)
{
	int c;

	do
		c = fgetc(stdin);
	while (c != EOF && c != '\n');
}

/* Ctrl-C must end the question also where it is watched, which keeps it from ending fgets(). */
static bool wait_for_answer(void)
{
	while (term_is_terminal(stdin) && !interrupt_happened())
		if (interrupt_poll(STDIN_FILENO, POLLIN, 0) != 0)
			return true;
	return !term_is_terminal(stdin);
}

bool term_ask(const char *question, char *answer, size_t size)
{
	(void)fputs(term_style(stderr, TERM_BOLD), stderr);
	printable_write(stderr, question);
	(void)fprintf(stderr, "%s ", term_style(stderr, TERM_PLAIN));
	(void)fflush(stderr);
	if (!wait_for_answer() || !fgets(answer, (int)size, stdin)) {
		(void)fputc('\n', stderr);
		answer[0] = '\0';
		return false;
	}
	if (!strchr(answer, '\n'))
		drop_rest_of_line();
	trim(answer);
	return true;
}

bool term_confirm(const char *question)
{
	char answer[16];

	return term_ask(question, answer, sizeof(answer)) &&
	       (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0);
}
