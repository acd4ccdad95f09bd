/* SPDX-License-Identifier: MIT */
#include "migration_rule.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "money.h"
#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* Of a value that cannot be carried over, as much is shown. */
#define EXCERPT_MAX 40

const char migration_filter_default[] = "lower(coalesce(type, '')) <> 'bot' AND NOT truthy(skip)";

enum conversion {
	SECRET,
	TEXT,
	ID,
	COLUMN,
	CHOICE,
	BOOLEAN,
	INTEGER,
	MONEY,
	TIME,
	FOLDER,
	FILE_PATH,
	HEADERS,
	NOTHING,
	BY_HAND,
};

struct rule {
	struct migration_key key;
	enum conversion conversion;
	int64_t least;
	int64_t most;
	const char *words;
};

static const struct rule rules[] = {
#define KEY(name, conversion, section, key, least, most, words, remark) \
	{ { name, section, key, remark, (conversion) == SECRET }, conversion, least, most, words },
#include "migrate_keys.def"
#undef KEY
};

const struct migration_key *migration_key_at(size_t index)
{
	return index < COUNT(rules) ? &rules[index].key : NULL;
}

static const struct rule *rule_of(const struct migration_key *key)
{
	size_t index = 0;

	while (&rules[index].key != key)
		index++;
	return &rules[index];
}

static char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

static char *format(const char *pattern, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, pattern);
	if (vasprintf(&text, pattern, args) < 0)
		text = NULL;
	va_end(args);
	return text;
}

/* Both texts are taken over. */
static void leave(struct migration_item *item, char *why, char *hint)
{
	item->state = MIGRATION_LEFT;
	item->why = why;
	item->hint = hint;
}

/* `value` is taken over. */
static void carry(struct migration_item *item, char *value)
{
	item->value = value;
	if (!value)
		leave(item, format("there is no memory left"), NULL);
}

static bool is_type(const struct setting *setting, const char *type)
{
	return strcmp(setting->type, type) == 0;
}

static bool is_text(const struct setting *setting)
{
	return is_type(setting, "string") || is_type(setting, "number");
}

static void leave_type(struct migration_item *item, const struct setting *setting, const char *wanted)
{
	leave(item, format("not %s but %s%s", wanted, strchr("aeiou", setting->type[0]) ? "an " : "a ", setting->type),
	      NULL);
}

static void leave_value(struct migration_item *item, const struct setting *setting, const char *problem)
{
	char *shown = utf8_printable(setting->text);

	leave(item, format("\"%.*s\" %s", shown ? utf8_cut(shown, EXCERPT_MAX) : 0, shown ? shown : "", problem),
	      NULL);
	free(shown);
}

/* What stands in the template, for everybody to replace. */
static bool is_placeholder(const char *text)
{
	static const char *const known[] = { "YOUR_ACCESS_CODE", "YOUR_SECRET", "path/to/results/file",
					     "path/to/input/codes/file" };
	size_t len = strlen(text);

	if (len > 0 && (strspn(text, "X") == len || strspn(text, "Y") == len))
		return true;

	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(text, known[i]) == 0)
			return true;
	return false;
}

/* What a line of an ini file cannot hold, or would not give back as it was. */
static const char *problem_of_line(const char *text)
{
	size_t len = strlen(text);

	if (text[strcspn(text, "\r\n")])
		return "has more than one line";
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return "has a control character in it";
	if (len > 1 && strchr("\"'", text[0]) && text[0] == text[len - 1])
		return "stands in quotation marks";
	return NULL;
}

static char *trimmed(const char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	return strndup(text, len);
}

/* Takes over `text`; a secret is not quoted. */
static void carry_line(struct migration_item *item, const struct rule *rule, char *text)
{
	const char *problem = text ? problem_of_line(text) : NULL;
	size_t len = text ? utf8_length(text) : 0;

	if (!problem && len > (size_t)rule->most)
		problem = "is too long";
	if (!problem && text && is_placeholder(text)) {
		item->state = MIGRATION_NOTHING;
		item->why = format("only what nodegame-mturk's template says");
	} else if (!problem && text && !text[0]) {
		item->state = MIGRATION_USUAL;
		item->why = format("there is nothing in it");
	} else if (problem) {
		leave(item, format("the value %s", problem), NULL);
	} else {
		carry(item, text);
		return;
	}
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void convert_text(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	if (is_text(setting))
		carry_line(item, rule, trimmed(setting->text));
	else
		leave_type(item, setting, "a text");
}

static void convert_secret(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	char *text = trimmed(setting->text);

	if (!is_type(setting, "string") || !text || strpbrk(text, " \t")) {
		leave(item, format("no key has this form"), NULL);
		if (text)
			explicit_bzero(text, strlen(text));
		free(text);
		return;
	}
	carry_line(item, rule, text);
}

static void convert_id(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	convert_text(rule, setting, item);
	if (!item->value || item->value[strspn(item->value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0')
		return;
	free(item->value);
	item->value = NULL;
	leave_value(item, setting, "is no id of MTurk");
}

/* Whether one of the words, separated by blanks, is `text`. */
static bool is_word(const char *words, const char *text)
{
	size_t n = strlen(text);

	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");

		if (len == n && memcmp(at, text, n) == 0)
			return true;
		at += len;
	}
	return false;
}

/* A configured name means the column that is written exactly so: the usual names are better not configured. */
static void convert_column(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	if (is_type(setting, "string") && is_word(rule->words, setting->text)) {
		item->state = MIGRATION_USUAL;
		item->why = format("a column \"%s\" is found by itself", setting->text);
		return;
	}
	convert_text(rule, setting, item);
}

static void convert_choice(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	if (is_type(setting, "string") && is_word(rule->words, setting->text))
		carry(item, strdup(setting->text));
	else if (is_text(setting))
		leave_value(item, setting, "is not possible here");
	else
		leave_type(item, setting, "a text");
	if (item->state == MIGRATION_LEFT)
		item->hint = format("possible are: %s", rule->words);
}

/* As nodegame-mturk takes them: whatever is not falsy means yes. */
static void convert_boolean(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	(void)rule;
	carry(item, strdup(setting->truthy ? "yes" : "no"));
}

/* Digits only; -1 if it is anything else. */
static int64_t read_number(const struct setting *setting)
{
	const char *text = setting->text;
	size_t n = strspn(text, "0123456789");
	int64_t number = 0;

	if (!is_text(setting) || n == 0 || n > 15 || text[n])
		return -1;
	for (size_t i = 0; i < n; i++)
		number = 10 * number + (text[i] - '0');
	return number;
}

static void convert_integer(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	int64_t number = read_number(setting);

	if (number >= rule->least && number <= rule->most)
		carry(item, format("%" PRId64, number));
	else
		leave(item, format("not a whole number from %" PRId64 " to %" PRId64, rule->least, rule->most), NULL);
}

static void convert_money(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	char amount[MONEY_TEXT_MAX], most[MONEY_TEXT_MAX];
	char *text = is_text(setting) ? trimmed(setting->text) : NULL;
	int64_t cents = -1;
	struct err err;

	if (!text) {
		leave_type(item, setting, "an amount");
		return;
	}
	if (money_parse(text, &cents, &err) < 0)
		leave(item, format("not an amount of dollars and cents: %s", err.message), NULL);
	else if (cents < rule->least || cents > rule->most)
		leave(item, format("above the most that is possible here, %s", money_format(rule->most, most)), NULL);
	else
		carry(item, strdup(money_format(cents, amount)));
	free(text);
}

static char *format_time(int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = { { 3600000, "h" }, { 60000, "m" }, { 1000, "s" }, { 1, "ms" } };
	size_t unit = 0;

	if (ms == 0)
		return strdup("0");
	while (ms % units[unit].ms != 0)
		unit++;
	return format("%" PRId64 "%s", ms / units[unit].ms, units[unit].name);
}

static void convert_time(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	int64_t ms = read_number(setting);

	if (ms >= rule->least && ms <= rule->most)
		carry(item, format_time(ms));
	else
		leave(item,
		      format("not a number of milliseconds from %" PRId64 " to %" PRId64, rule->least, rule->most),
		      NULL);
}

/* ngmtd resolves relative paths elsewhere than nodegame-mturk does. */
static void convert_path(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	char *path;

	convert_text(rule, setting, item);
	if (!item->value || item->value[0] == '/')
		return;
	if (strchr(item->value, '\\')) {
		free(item->value);
		item->value = NULL;
		leave_value(item, setting, "is no path of this machine");
		return;
	}
	path = format("%s%s%s", setting->root, setting->root[1] ? "/" : "", item->value);
	free(item->value);
	carry(item, path);
}

static void convert_headers(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	if (is_type(setting, "boolean") && setting->truthy) {
		item->state = MIGRATION_USUAL;
		item->why = format("the first line of a file names its columns");
	} else if (is_type(setting, "array") && setting->text[0]) {
		carry_line(item, rule, strdup(setting->text));
	} else {
		leave(item, format("without them a file cannot be read"),
		      format("name its columns in [import] columns, separated by commas"));
	}
}

static void convert_nothing(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	(void)rule;
	(void)setting;
	item->state = MIGRATION_NOTHING;
}

static void convert_by_hand(const struct rule *rule, const struct setting *setting, struct migration_item *item)
{
	(void)rule;
	if (!is_type(setting, "function")) {
		leave_type(item, setting, "a function");
		return;
	}
	leave(item, NULL, format("without [import] filter it is: %s", migration_filter_default));
}

typedef void convert_fn(const struct rule *rule, const struct setting *setting, struct migration_item *item);

void migration_convert(struct migration_item *item, const struct setting *setting)
{
	static convert_fn *const converters[] = {
		[SECRET] = convert_secret, [TEXT] = convert_text,	[ID] = convert_id,
		[COLUMN] = convert_column, [CHOICE] = convert_choice,	[BOOLEAN] = convert_boolean,
		[INTEGER] = convert_integer, [MONEY] = convert_money,	[TIME] = convert_time,
		[FOLDER] = convert_path,   [FILE_PATH] = convert_path,	[HEADERS] = convert_headers,
		[NOTHING] = convert_nothing, [BY_HAND] = convert_by_hand,
	};
	const struct rule *rule = rule_of(item->key);

	item->state = MIGRATION_CARRIED;
	converters[rule->conversion](rule, setting, item);
}
