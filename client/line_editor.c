/* SPDX-License-Identifier: MIT */
#include "line_editor.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <langinfo.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "history.h"

struct line_editor {
	EditLine *line;
	History *history;
	const char *prompt;
	line_completer *complete;
	void *arg;
	bool is_cleared;
};

static struct line_editor *editor_of(EditLine *line)
{
	void *editor = NULL;

	(void)el_get(line, EL_CLIENTDATA, &editor);
	return editor;
}

/* libedit wants a char * and leaves it alone. */
static char *on_prompt(EditLine *line)
{
	union {
		const char *text;
		char *same;
	} prompt = { editor_of(line)->prompt };

	return prompt.same;
}

/* libedit counts in characters. */
static int count_characters(const char *text, size_t len)
{
	mbstate_t state = { 0 };
	int count = 0;

	while (len > 0) {
		size_t n = mbrlen(text, len, &state);

		/* What is no character is one: so it was when it was typed. */
		if (n == 0 || n > len) {
			n = 1;
			state = (mbstate_t){ 0 };
		}
		text += n;
		len -= n;
		count++;
	}
	return count;
}

static unsigned char put_completion(EditLine *line, const struct line_completion *completion, size_t cursor,
				    const char *text)
{
	if (completion->text) {
		el_deletestr(line, count_characters(text + completion->from, cursor - completion->from));
		return el_insertstr(line, completion->text) < 0 ? CC_ERROR : CC_REFRESH;
	}
	if (!completion->list)
		return CC_ERROR;
	(void)fprintf(stderr, "\n%s", completion->list);
	(void)fflush(stderr);
	return CC_REDISPLAY;
}

static unsigned char on_tab(EditLine *line, int key)
{
	struct line_editor *editor = editor_of(line);
	const LineInfo *typed = el_line(line);
	size_t cursor = (size_t)(typed->cursor - typed->buffer);
	char *text = strndup(typed->buffer, (size_t)(typed->lastchar - typed->buffer));
	struct line_completion completion = { 0 };
	unsigned char result;

	(void)key;
	if (!text)
		return CC_ERROR;
	editor->complete(text, cursor, &completion, editor->arg);
	result = put_completion(line, &completion, cursor, text);
	free(completion.text);
	free(completion.list);
	free(text);
	return result;
}

/* The rest of the line stays on the screen, as in a shell; the pushed newline has libedit leave it in order. */
static unsigned char on_interrupt(EditLine *line, int key)
{
	const LineInfo *typed = el_line(line);

	(void)key;
	editor_of(line)->is_cleared = true;
	(void)el_cursor(line, count_characters(typed->cursor, (size_t)(typed->lastchar - typed->cursor)));
	(void)el_insertstr(line, "^C");
	el_push(line, "\n");
	return CC_REFRESH;
}

/* libedit puts the terminal in order for a signal and when it goes on; the line has to be drawn again. */
static unsigned char on_stop(EditLine *line, int key)
{
	(void)line;
	(void)key;
	(void)raise(SIGTSTP);
	return CC_REDISPLAY;
}

/* Without a locale of its own libedit takes every byte above 127 for the end of the input. */
static void choose_locale(void)
{
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}

static void bind_keys(EditLine *line)
{
	/* el_set() would copy these names and never free them. */
	(void)el_wset(line, EL_ADDFN, L"ngmt-complete", L"complete commands, options, files and ids", on_tab);
	(void)el_wset(line, EL_ADDFN, L"ngmt-clear", L"forget the line", on_interrupt);
	(void)el_wset(line, EL_ADDFN, L"ngmt-stop", L"stop the program until fg", on_stop);
	(void)el_set(line, EL_BIND, "^R", "em-inc-search-prev", NULL);
	/* ~/.editrc has the last word, but for the keys that are ours. */
	(void)el_source(line, NULL);
	(void)el_set(line, EL_BIND, "^I", "ngmt-complete", NULL);
	/* Ctrl-C is a key while a line is typed, not a signal; then Ctrl-Z is one, too. */
	(void)el_set(line, EL_SETTY, "-d", "-isig", NULL);
	(void)el_set(line, EL_BIND, "^C", "ngmt-clear", NULL);
	(void)el_set(line, EL_BIND, "^Z", "ngmt-stop", NULL);
}

static bool set_up(struct line_editor *editor)
{
	HistEvent event;

	choose_locale();
	editor->line = el_init("ngmtctl", stdin, stderr, stderr);
	editor->history = history_init();
	if (!editor->line || !editor->history)
		return false;
	(void)history(editor->history, &event, H_SETSIZE, HISTORY_LINES_MAX);
	(void)history(editor->history, &event, H_SETUNIQUE, 1);
	(void)el_set(editor->line, EL_CLIENTDATA, editor);
	(void)el_set(editor->line, EL_EDITOR, "emacs");
	(void)el_set(editor->line, EL_SIGNAL, 1);
	(void)el_set(editor->line, EL_HIST, history, editor->history);
	(void)el_set(editor->line, EL_PROMPT_ESC, on_prompt, LINE_EDITOR_INVISIBLE);
	bind_keys(editor->line);
	return true;
}

struct line_editor *line_editor_new(line_completer *complete, void *arg)
{
	struct line_editor *editor = calloc(1, sizeof(*editor));

	if (!editor)
		return NULL;
	editor->complete = complete;
	editor->arg = arg;
	if (set_up(editor))
		return editor;
	line_editor_free(editor);
	return NULL;
}

void line_editor_free(struct line_editor *editor)
{
	if (!editor)
		return;
	if (editor->history)
		history_end(editor->history);
	if (editor->line)
		el_end(editor->line);
	free(editor);
}

char *line_editor_read(struct line_editor *editor, const char *prompt)
{
	const char *typed;
	int count = 0;

	editor->prompt = prompt;
	editor->is_cleared = false;
	errno = 0;
	typed = el_gets(editor->line, &count);
	if (editor->is_cleared || (!typed && count < 0 && (errno == EILSEQ || errno == EINTR)))
		return strdup("");
	return typed && count > 0 ? strndup(typed, strcspn(typed, "\n")) : NULL;
}

void line_editor_remember(struct line_editor *editor, const char *line)
{
	HistEvent event;

	(void)history(editor->history, &event, H_ENTER, line);
}
