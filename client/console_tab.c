/* SPDX-License-Identifier: MIT */
#include "console_tab.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "completion_ask.h"
#include "console.h"
#include "term.h"
#include "utf8.h"

#define NOTED_MAX 16
#define GAP 2

/* --- the list --- */

static unsigned widest(const struct completion *completion)
{
	size_t most = 1;

	for (size_t i = 0; i < completion->count; i++)
		if (utf8_length(completion->words[i].word) > most)
			most = utf8_length(completion->words[i].word);
	return (unsigned)(most < 1000 ? most : 1000);
}

static bool has_notes(const struct completion *completion)
{
	for (size_t i = 0; i < completion->count; i++)
		if (completion->words[i].note[0])
			return true;
	return false;
}

static void write_padded(FILE *out, const char *text, unsigned width)
{
	size_t len = utf8_length(text);

	(void)fprintf(out, "%s%*s", text, len < width ? (int)(width - len) : 0, "");
}

/* Bytes of a text that fit into `width` characters. */
static int cut(const char *text, unsigned width)
{
	int len = 0;

	while (text[len] && (width > 0 || ((unsigned char)text[len] & 0xc0) == 0x80))
		if (((unsigned char)text[len++] & 0xc0) != 0x80)
			width--;
	return len;
}

static void list_noted(FILE *out, const struct completion *completion, unsigned width)
{
	unsigned most = widest(completion);

	for (size_t i = 0; i < completion->count; i++) {
		const struct completion_word *word = &completion->words[i];

		if (!word->note[0] || most + GAP + 10 > width) {
			(void)fprintf(out, "%s\n", word->word);
			continue;
		}
		write_padded(out, word->word, most + GAP);
		(void)fprintf(out, "%.*s\n", cut(word->note, width - most - GAP - 1), word->note);
	}
}

/* Downwards first, as ls does. */
static void list_columns(FILE *out, const struct completion *completion, unsigned width, unsigned rows)
{
	unsigned column = widest(completion) + GAP, columns = width > column ? width / column : 1;
	size_t room = (size_t)columns * (rows > 4 ? rows - 3 : 1);
	size_t shown = completion->count < room ? completion->count : room;
	size_t lines = (shown + columns - 1) / columns;

	for (size_t line = 0; line < lines; line++) {
		for (size_t at = line; at < shown; at += lines) {
			bool is_last = at + lines >= shown;

			write_padded(out, completion->words[at].word, is_last ? 0 : column);
		}
		(void)fputc('\n', out);
	}
	if (shown < completion->count)
		(void)fprintf(out, "... and %zu more\n", completion->count - shown);
}

char *console_tab_list(const struct completion *completion, unsigned width, unsigned rows)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (completion->count <= NOTED_MAX && completion->count + 3 <= rows && has_notes(completion))
		list_noted(out, completion, width);
	else
		list_columns(out, completion, width, rows);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* --- the key --- */

/* "ngmtctl " in front of a line is dropped when it is run, so here too. */
static size_t skip_program(const char *line, size_t cursor)
{
	size_t at = strspn(line, " \t");

	if (strncmp(line + at, "ngmtctl", 7) == 0 && isblank((unsigned char)line[at + 7]) && at + 7 < cursor)
		return at + 8;
	return 0;
}

void console_tab(const char *line, size_t cursor, struct line_completion *out, void *arg)
{
	const struct console *console = arg;
	const char *socket = option_text(console->invocation, OPTION_ID_SOCKET);
	char *path = socket ? strdup(socket) : NULL;
	struct completion_asker asker = { completion_ask_daemon, path };
	struct completion completion;
	size_t skip = skip_program(line, cursor);

	completion_for_line(&completion, line + skip, cursor - skip, CONSOLE_WORDS, &asker);
	completion_add_files(&completion);
	out->from = skip + completion.from;
	out->text = completion_insertion(&completion);
	if (!out->text && completion.count > 1)
		out->list = console_tab_list(&completion, term_width(stderr), term_height(stderr));
	completion_finish(&completion);
	free(path);
}
