/* SPDX-License-Identifier: MIT */
#include "filter_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "filter.h"
#include "suggest.h"
#include "utf8.h"

#define SHOWN_MAX 60

struct scan {
	const char *text;
	size_t at;
	unsigned depth;
	size_t opened_at; /* the outermost parenthesis that is open */
	bool after_in;
	filter_name_fn *on_name;
	void *arg;
	struct err *err;
};

/* None that looks at more than its arguments, none that makes what is as long as a number says. */
static const char *const functions[] = {
	"truthy", "abs", "coalesce", "glob", "ifnull", "iif", "instr", "length", "like", "lower", "ltrim", "max", "min",
	"nullif", "replace", "round", "rtrim", "sign", "substr", "substring", "trim", "typeof", "upper", NULL,
};

/* What a parenthesis may follow without being a function's. */
static const char *const operators[] = { "and",	 "or",	 "not",	 "in",	 "is",	   "like", "glob", "between", "case",
					 "when", "then", "else", "cast", "escape", "from", NULL };

static const char *const forbidden[] = {
	"select", "values", "with",	"exists",	"over",		"filter",	     "raise",
	"match",  "regexp", "union",	"current_date", "current_time", "current_timestamp", NULL,
};

static bool is_listed(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcasecmp(*list, word) == 0)
			return true;
	return false;
}

bool filter_may_call(const char *function)
{
	return is_listed(functions, function);
}

int filter_place(const char *expression, size_t at, struct err *err)
{
	char *before = strndup(expression, at);
	size_t column = before ? utf8_length(before) + 1 : at + 1;

	free(before);
	return err_prefix(err, "column %zu", column);
}

__attribute__((format(printf, 3, 4))) static int refuse(const struct scan *scan, size_t at, const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	(void)err_set(scan->err, ERR_CONFIG, "%s", what);
	return filter_place(scan->text, at, scan->err);
}

/* As SQLite's tokenizer: every byte above ASCII may be in a name. */
static bool may_be_in_word(char c)
{
	return (unsigned char)c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_before_parenthesis(const struct scan *scan)
{
	size_t at = scan->at;

	while (is_blank(scan->text[at]))
		at++;
	return scan->text[at] == '(';
}

static int refuse_function(const struct scan *scan, size_t at, const char *name)
{
	struct suggest suggest;

	(void)refuse(scan, at, "no such function: \"%.*s\"", utf8_cut(name, SHOWN_MAX), name);
	suggest_init(&suggest, name);
	for (size_t i = 0; functions[i]; i++)
		suggest_offer(&suggest, functions[i]);
	if (suggest.best)
		return err_hint(scan->err, "did you mean \"%s\"?", suggest.best);
	return err_hint(scan->err, "the functions of filters are in ngmt.conf(5), under FILTER");
}

/* A word, or the name in quotes, that begins at `at`. */
static int take_name(struct scan *scan, size_t at, const char *name, bool is_quoted)
{
	if (scan->after_in)
		return refuse(scan, at, "IN wants a list in parentheses");
	if (!is_quoted && is_listed(forbidden, name)) {
		(void)refuse(scan, at, "\"%s\" is not allowed in a filter", name);
		return err_hint(scan->err, "if it is the name of a column, write it in double quotes");
	}
	if (is_before_parenthesis(scan) && (is_quoted || !is_listed(operators, name)))
		return filter_may_call(name) ? 0 : refuse_function(scan, at, name);
	scan->after_in = !is_quoted && strcasecmp(name, "in") == 0;
	if (!is_quoted && (strcasecmp(name, "true") == 0 || strcasecmp(name, "false") == 0))
		return 0;
	return scan->on_name(scan->arg, name, scan->err);
}

static int take_word(struct scan *scan)
{
	size_t at = scan->at, len = 0;
	char word[FILTER_BYTES_MAX + 1];

	while (may_be_in_word(scan->text[scan->at]))
		word[len++] = scan->text[scan->at++];
	word[len] = '\0';
	if (len == 1 && (word[0] == 'x' || word[0] == 'X') && scan->text[scan->at] == '\'')
		return refuse(scan, at, "binary data is not allowed in a filter");
	return take_name(scan, at, word, false);
}

/* A number takes the letters behind it along, as SQLite does to complain about them. */
static int take_number(struct scan *scan)
{
	while (may_be_in_word(scan->text[scan->at]) || scan->text[scan->at] == '.')
		scan->at++;
	return 0;
}

/* Doubled quotes stand for one, except in brackets. */
static int take_quoted(struct scan *scan)
{
	char open = scan->text[scan->at], close = (char)(open == '[' ? ']' : open), name[FILTER_BYTES_MAX + 1];
	size_t at = scan->at++, len = 0;

	for (;; scan->at++) {
		char c = scan->text[scan->at];

		if (c == '\0')
			return refuse(scan, at, "what opens here is never closed");
		if (c == close && (open == '[' || scan->text[++scan->at] != close))
			break;
		name[len++] = c;
	}
	name[len] = '\0';
	scan->at += open == '[';
	if (open == '\'')
		return scan->after_in ? refuse(scan, at, "IN wants a list in parentheses") : 0;
	if (len == 0)
		return refuse(scan, at, "a column without a name cannot be asked for");
	return take_name(scan, at, name, true);
}

static int take_parenthesis(struct scan *scan)
{
	scan->after_in = false;
	if (scan->text[scan->at] == '(') {
		if (scan->depth++ == 0)
			scan->opened_at = scan->at;
	} else if (scan->depth-- == 0) {
		return refuse(scan, scan->at, "there is no parenthesis for this one to close");
	}
	scan->at++;
	return 0;
}

static int take_mark(struct scan *scan)
{
	static const char marks[] = "+-*/%<>=!|&~,";
	const char *text = scan->text + scan->at;

	if (strncmp(text, "--", 2) == 0 || strncmp(text, "/*", 2) == 0)
		return refuse(scan, scan->at, "a comment is not allowed in a filter");
	if (*text == ';')
		return refuse(scan, scan->at, "\";\" is not allowed: a filter is one expression");
	if (*text == '.') {
		(void)refuse(scan, scan->at, "\".\" is not allowed in a filter");
		return err_hint(scan->err, "write a name with a point in it in double quotes");
	}
	if (!strchr(marks, *text))
		return refuse(scan, scan->at, "\"%c\" is not allowed in a filter", *text);
	scan->at++;
	return 0;
}

static int take_token(struct scan *scan)
{
	char c = scan->text[scan->at];

	if (c == '(' || c == ')')
		return take_parenthesis(scan);
	if (c == '\'' || c == '"' || c == '`' || c == '[')
		return take_quoted(scan);
	if (is_digit(c) || (c == '.' && is_digit(scan->text[scan->at + 1])))
		return take_number(scan);
	/* "$" is in names, but does not begin one: that would be a parameter. */
	return may_be_in_word(c) && c != '$' ? take_word(scan) : take_mark(scan);
}

static int check_text(const struct scan *scan)
{
	size_t len = strnlen(scan->text, FILTER_BYTES_MAX + 1), bad;

	if (scan->text[strspn(scan->text, " \t")] == '\0')
		return err_set(scan->err, ERR_CONFIG, "the filter is empty");
	if (len > FILTER_BYTES_MAX)
		return err_set(scan->err, ERR_CONFIG, "the filter has more than %d bytes", FILTER_BYTES_MAX);
	bad = utf8_first_invalid(scan->text, len);
	if (bad < len)
		return refuse(scan, bad, "there is a byte that is not UTF-8");
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)scan->text[i] < ' ' && scan->text[i] != '\t') || scan->text[i] == 0x7f)
			return refuse(scan, i, "there is a control character");
	return 0;
}

int filter_scan(const char *expression, filter_name_fn *on_name, void *arg, struct err *err)
{
	struct scan scan = { .text = expression, .on_name = on_name, .arg = arg, .err = err };
	int result = check_text(&scan);

	while (result == 0 && scan.text[scan.at]) {
		if (is_blank(scan.text[scan.at]))
			scan.at++;
		else
			result = take_token(&scan);
	}
	if (result == 0 && scan.depth > 0)
		result = refuse(&scan, scan.opened_at, "the parenthesis that opens here is never closed");
	return result;
}
