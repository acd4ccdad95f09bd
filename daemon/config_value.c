/* SPDX-License-Identifier: MIT */
#include "config_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "digest.h"
#include "game_entry.h"
#include "money.h"
#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void *member_of(struct config *config, const struct config_option *option)
{
	return (char *)config + option->member;
}

static const void *value_of(const struct config *config, const struct config_option *option)
{
	return (const char *)config + option->member;
}

static void forget(char *secret)
{
	if (secret)
		digest_forget(secret, strlen(secret));
	free(secret);
}

static const struct {
	const char *name;
	int64_t ms;
} units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

static void format_amount(enum config_type type, int64_t amount, char out[MONEY_TEXT_MAX])
{
	size_t unit = 0;

	if (type == CONFIG_MONEY) {
		(void)money_format(amount, out);
		return;
	}
	if (type != CONFIG_DURATION || amount == 0) {
		(void)snprintf(out, MONEY_TEXT_MAX, "%" PRId64, amount);
		return;
	}
	while (amount % units[unit].ms != 0)
		unit++;
	(void)snprintf(out, MONEY_TEXT_MAX, "%" PRId64 "%s", amount / units[unit].ms, units[unit].name);
}

static int refuse_range(const struct config_option *option, const char *text, struct err *err)
{
	char range[CONFIG_RANGE_MAX];

	return err_set(err, ERR_CONFIG, "\"%s\" must be %s, not \"%.*s\"", option->key,
		       config_value_range(option, range), config_excerpt(text), text);
}

/* Comments after a value are the usual reason why a value is none. */
static int refuse(const struct config_option *option, const char *what, const char *text, const char *hint,
		  struct err *err)
{
	(void)err_set(err, ERR_CONFIG, "\"%s\" is not %s: \"%.*s\"", option->key, what, config_excerpt(text), text);
	if (strstr(text, " #") || strstr(text, " ;") || strstr(text, "\t#") || strstr(text, "\t;"))
		return err_hint(err, "comments stand on lines of their own");
	return err_hint(err, "%s", hint);
}

static int put_amount(struct config *config, const struct config_option *option, const char *text, int64_t amount,
		      struct err *err)
{
	if (amount < option->min || amount > option->max)
		return refuse_range(option, text, err);
	*(int64_t *)member_of(config, option) = amount;
	return 0;
}

static int set_boolean(struct config *config, const struct config_option *option, const char *text,
		       const char *folder, struct err *err)
{
	static const char *const words[2][4] = { { "no", "false", "off", "0" }, { "yes", "true", "on", "1" } };

	(void)folder;
	for (size_t i = 0; i < COUNT(words[0]); i++) {
		for (int truth = 0; truth < 2; truth++) {
			if (strcasecmp(words[truth][i], text) != 0)
				continue;
			*(bool *)member_of(config, option) = truth;
			return 0;
		}
	}
	return refuse(option, "yes or no", text, "write yes or no (true, false, on, off, 1 and 0 do as well)", err);
}

/* Digits to a number; what does not fit becomes INT64_MAX, which no range includes. Returns the number of digits. */
static size_t read_digits(const char *text, int64_t *out)
{
	size_t n = strspn(text, "0123456789");

	*out = 0;
	for (size_t i = 0; i < n && *out != INT64_MAX; i++)
		if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, text[i] - '0', out))
			*out = INT64_MAX;
	return n;
}

static int set_integer(struct config *config, const struct config_option *option, const char *text,
		       const char *folder, struct err *err)
{
	int64_t amount;
	bool is_negative = text[0] == '-';
	size_t n = read_digits(text + is_negative, &amount);

	(void)folder;
	if (n == 0 || text[is_negative + n])
		return refuse(option, "a whole number", text, "write digits only", err);
	return put_amount(config, option, text, is_negative ? -amount : amount, err);
}

static int set_money(struct config *config, const struct config_option *option, const char *text, const char *folder,
		     struct err *err)
{
	int64_t cents;
	struct err why;

	(void)folder;
	if (money_parse(text, &cents, &why) == 0)
		return put_amount(config, option, text, cents, err);
	(void)err_set(err, ERR_CONFIG, "\"%s\" is not an amount: %s", option->key, why.message);
	return err_hint(err, "write dollars and cents, such as 10.00");
}

static int set_duration(struct config *config, const struct config_option *option, const char *text,
			const char *folder, struct err *err)
{
	int64_t amount;
	size_t n = read_digits(text, &amount);

	(void)folder;
	if (n > 0 && amount == 0 && !text[n])
		return put_amount(config, option, text, 0, err);
	for (size_t i = 0; n > 0 && i < COUNT(units); i++) {
		if (strcmp(text + n, units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(amount, units[i].ms, &amount))
			return refuse_range(option, text, err);
		return put_amount(config, option, text, amount, err);
	}
	return refuse(option, "a time with its unit", text, "write 500ms, 10s, 5m, 2h or 1d", err);
}

static int check_length(const struct config_option *option, const char *text, struct err *err)
{
	size_t n = utf8_length(text);

	if (n > (size_t)option->max)
		return err_set(err, ERR_CONFIG, "\"%s\" has %zu characters, and %" PRId64 " are the most", option->key,
			       n, option->max);
	return 0;
}

static int check_quotes(const struct config_option *option, const char *text, struct err *err)
{
	size_t n = strlen(text);

	if (n < 2 || !strchr("\"'", text[0]) || text[0] != text[n - 1])
		return 0;
	(void)err_set(err, ERR_CONFIG, "\"%s\" stands in quotation marks", option->key);
	return err_hint(err, "write it without them: they would become part of it");
}

static int put_text(struct config *config, const struct config_option *option, const char *text, struct err *err)
{
	char **member = member_of(config, option), *copy;

	/* Not strdup(): gcc 12's analyser would lose it behind the offset and call that a leak. */
	if (asprintf(&copy, "%s", text) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	forget(*member);
	*member = copy;
	return 0;
}

static int set_text(struct config *config, const struct config_option *option, const char *text, const char *folder,
		    struct err *err)
{
	(void)folder;
	if (check_length(option, text, err) < 0 || check_quotes(option, text, err) < 0)
		return -1;
	return put_text(config, option, text, err);
}

static int set_secret(struct config *config, const struct config_option *option, const char *text, const char *folder,
		      struct err *err)
{
	if (strpbrk(text, " \t"))
		return err_set(err, ERR_CONFIG, "\"%s\" has a blank in it", option->key);
	return set_text(config, option, text, folder, err);
}

static int resolve(const struct config_option *option, const char *text, const char *folder, char **out,
		   struct err *err)
{
	*out = NULL;
	if (check_length(option, text, err) < 0 || check_quotes(option, text, err) < 0)
		return -1;
	if (text[0] == '~') {
		(void)err_set(err, ERR_CONFIG, "\"%s\" begins with \"~\", which means nothing here", option->key);
		return err_hint(err, "write the whole path");
	}
	if (text[0] == '/')
		*out = strdup(text);
	else if (asprintf(out, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", text) < 0)
		*out = NULL;
	return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int set_path(struct config *config, const struct config_option *option, const char *text, const char *folder,
		    struct err *err)
{
	char *path = NULL;
	int result = resolve(option, text, folder, &path, err);

	if (result == 0)
		result = put_text(config, option, path, err);
	free(path);
	return result;
}

/* A word without a slash is a name; anything else is a path. */
static bool is_name(const char *place)
{
	return !strchr(place, '/') && strcmp(place, ".") != 0 && strcmp(place, "..") != 0 && place[0] != '~';
}

/* The only lists are of games. */
static int check_game(const struct config_option *option, const char *text, bool *names_it, struct err *err)
{
	struct game_entry entry;

	if (game_entry_read(&entry, text, err) < 0)
		return err_prefix(err, "\"%s\"", option->key);
	*names_it = is_name(entry.place);
	game_entry_finish(&entry);
	return 0;
}

static int set_list(struct config *config, const struct config_option *option, const char *text, const char *folder,
		    struct err *err)
{
	struct text_list *list = member_of(config, option);
	char **items, *item = NULL;
	bool names_it = false;

	if (resolve(option, text, folder, &item, err) < 0)
		return -1;
	if (check_game(option, text, &names_it, err) < 0) {
		free(item);
		return -1;
	}
	if (names_it) {
		free(item);
		item = strdup(text);
	}
	items = item ? reallocarray(list->items, list->count + 1, sizeof(*items)) : NULL;
	if (!items) {
		free(item);
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	items[list->count++] = item;
	list->items = items;
	return 0;
}

static int set_choice(struct config *config, const struct config_option *option, const char *text, const char *folder,
		      struct err *err)
{
	size_t n = strlen(text);

	(void)folder;
	for (const char *at = option->choices; *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");

		if (len == n && memcmp(at, text, n) == 0)
			return put_text(config, option, text, err);
		at += len;
	}
	return refuse_range(option, text, err);
}

static struct json_object *json_of_text(const struct config *config, const struct config_option *option)
{
	const char *text = *(char *const *)value_of(config, option);

	return text ? json_object_new_string(text) : NULL;
}

static struct json_object *json_of_secret(const struct config *config, const struct config_option *option)
{
	return *(char *const *)value_of(config, option) ? json_object_new_string("(set)") : NULL;
}

static struct json_object *json_of_boolean(const struct config *config, const struct config_option *option)
{
	return json_object_new_boolean(*(const bool *)value_of(config, option));
}

static struct json_object *json_of_integer(const struct config *config, const struct config_option *option)
{
	return json_object_new_int64(*(const int64_t *)value_of(config, option));
}

static struct json_object *json_of_amount(const struct config *config, const struct config_option *option)
{
	int64_t amount = *(const int64_t *)value_of(config, option);
	char text[MONEY_TEXT_MAX];

	if (amount == CONFIG_UNSET)
		return NULL;
	format_amount(option->type, amount, text);
	return json_object_new_string(text);
}

static struct json_object *json_of_list(const struct config *config, const struct config_option *option)
{
	const struct text_list *list = value_of(config, option);
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < list->count; i++)
		(void)json_object_array_add(array, json_object_new_string(list->items[i]));
	return array;
}

static const struct {
	const char *name;
	int (*set)(struct config *config, const struct config_option *option, const char *text, const char *folder,
		   struct err *err);
	struct json_object *(*json)(const struct config *config, const struct config_option *option);
} types[] = {
	[CONFIG_TEXT] = { "text", set_text, json_of_text },
	[CONFIG_SECRET] = { "secret", set_secret, json_of_secret },
	[CONFIG_BOOLEAN] = { "yes or no", set_boolean, json_of_boolean },
	[CONFIG_INTEGER] = { "number", set_integer, json_of_integer },
	[CONFIG_MONEY] = { "dollars", set_money, json_of_amount },
	[CONFIG_DURATION] = { "time", set_duration, json_of_amount },
	[CONFIG_LIST] = { "name or path", set_list, json_of_list },
	[CONFIG_PATH] = { "path", set_path, json_of_text },
	[CONFIG_CHOICE] = { "choice", set_choice, json_of_text },
};

/* Where there is no default, nothing is a value too: it takes back what an earlier file said. */
static bool may_be_empty(const struct config_option *option)
{
	return !option->fallback && option->type != CONFIG_LIST;
}

int config_value_set(struct config *config, const struct config_option *option, const char *text, const char *folder,
		      struct err *err)
{
	if (text[0])
		return types[option->type].set(config, option, text, folder, err);
	if (may_be_empty(option)) {
		config_value_clear(config, option);
		return 0;
	}
	(void)err_set(err, ERR_CONFIG, "\"%s\" has no value", option->key);
	if (option->fallback)
		return err_hint(err, "remove the line to get the default, %s", option->fallback);
	return err_hint(err, "remove the line");
}

static void clear_list(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	list->items = NULL;
	list->count = 0;
}

void config_value_clear(struct config *config, const struct config_option *option)
{
	char **text;

	if (option->type == CONFIG_BOOLEAN) {
		*(bool *)member_of(config, option) = false;
	} else if (option->type == CONFIG_LIST) {
		clear_list(member_of(config, option));
	} else if (types[option->type].json == json_of_integer || types[option->type].json == json_of_amount) {
		*(int64_t *)member_of(config, option) = option->fallback ? 0 : CONFIG_UNSET;
	} else {
		text = member_of(config, option);
		forget(*text);
		*text = NULL;
	}
}

struct json_object *config_value_json(const struct config *config, const struct config_option *option)
{
	return types[option->type].json(config, option);
}

const char *config_type_name(enum config_type type)
{
	return types[type].name;
}

const char *config_value_range(const struct config_option *option, char out[CONFIG_RANGE_MAX])
{
	char least[MONEY_TEXT_MAX], most[MONEY_TEXT_MAX];
	bool has_bounds = types[option->type].json == json_of_integer || types[option->type].json == json_of_amount;

	out[0] = '\0';
	if (option->choices)
		(void)snprintf(out, CONFIG_RANGE_MAX, "one of %s", option->choices);
	if (!has_bounds)
		return out;
	format_amount(option->type, option->min, least);
	format_amount(option->type, option->max, most);
	(void)snprintf(out, CONFIG_RANGE_MAX, "%s to %s", least, most);
	return out;
}
