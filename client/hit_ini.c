/* SPDX-License-Identifier: MIT */
#include "hit_ini.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "ini_file.h"
#include "money.h"
#include "suggest.h"

#define DAY_S INT64_C(86400)
#define YEAR_S (365 * DAY_S)

enum section { SECTION_HIT, SECTION_QUESTION, SECTION_QUALIFICATION, SECTIONS };

enum form { FORM_TEXT, FORM_NUMBER, FORM_MONEY, FORM_TIME, FORM_NUMBERS, FORM_WORDS };

static const char *const section_names[SECTIONS] = { "hit", "question", "qualification" };

/* Numbers and times from `least` to `most`; 0, 0: no limit of ours. */
static const struct key {
	enum section section;
	const char *name;
	const char *member;
	enum form form;
	bool is_needed;
	int64_t least;
	int64_t most;
} keys[] = {
	{ SECTION_HIT, "title", "title", FORM_TEXT, true, 0, 0 },
	{ SECTION_HIT, "description", "description", FORM_TEXT, true, 0, 0 },
	{ SECTION_HIT, "keywords", "keywords", FORM_TEXT, false, 0, 0 },
	{ SECTION_HIT, "reward", "reward_cents", FORM_MONEY, true, 1, 0 },
	{ SECTION_HIT, "assignments", "max_assignments", FORM_NUMBER, true, 1, 1000000000 },
	{ SECTION_HIT, "lifetime", "lifetime_s", FORM_TIME, true, 30, YEAR_S },
	{ SECTION_HIT, "duration", "duration_s", FORM_TIME, true, 30, YEAR_S },
	{ SECTION_HIT, "auto_approval", "auto_approval_s", FORM_TIME, false, 0, 30 * DAY_S },
	{ SECTION_HIT, "annotation", "annotation", FORM_TEXT, false, 0, 0 },
	{ SECTION_QUESTION, "url", "url", FORM_TEXT, false, 0, 0 },
	{ SECTION_QUESTION, "frame_height", "frame_height", FORM_NUMBER, false, 0, 100000 },
	{ SECTION_QUESTION, "file", "file", FORM_TEXT, false, 0, 0 },
	{ SECTION_QUALIFICATION, "comparator", "comparator", FORM_TEXT, true, 0, 0 },
	{ SECTION_QUALIFICATION, "values", "values", FORM_NUMBERS, false, 0, INT32_MAX },
	{ SECTION_QUALIFICATION, "locales", "locales", FORM_WORDS, false, 0, 0 },
	{ SECTION_QUALIFICATION, "guard", "guard", FORM_TEXT, false, 0, 0 },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

struct reading {
	const char *name;
	struct json_object *hit;
	struct json_object *object; /* of the section that is being read; NULL: its heading was wrong */
	enum section section;
	unsigned section_line;
	bool has_failed;
	struct err *err;
};

/* Only the first complaint counts: those after it may be its consequences. */
static void complain(struct reading *reading, unsigned line, const struct err *problem)
{
	if (reading->has_failed)
		return;
	reading->has_failed = true;
	(void)err_set(reading->err, ERR_FORMAT, "%s:%u: %s", reading->name, line, problem->message);
	if (problem->hint[0])
		(void)err_hint(reading->err, "%s", problem->hint);
}

static void on_problem(void *arg, unsigned line, const struct err *problem)
{
	complain(arg, line, problem);
}

/* --- values --- */

static int read_number(const char *text, int64_t least, int64_t most, int64_t *number, struct err *err)
{
	size_t n = strspn(text, "0123456789");

	*number = n < 19 ? strtoll(text, NULL, 10) : INT64_MAX;
	if (n > 0 && text[n] == '\0' && *number >= least && *number <= most)
		return 0;
	return err_set(err, ERR_FORMAT, "\"%.40s\" is not a whole number from %" PRId64 " to %" PRId64, text, least,
		       most);
}

static int read_time(const struct key *key, const char *text, int64_t *seconds, struct err *err)
{
	if (duration_parse(text, seconds, err) < 0)
		return -1;
	if (*seconds >= key->least && *seconds <= key->most)
		return 0;
	return err_set(err, ERR_FORMAT, "\"%.40s\" is not from %" PRId64 " seconds to %" PRId64 " days", text,
		       key->least, key->most / DAY_S);
}

static int read_money(const struct key *key, const char *text, int64_t *cents, struct err *err)
{
	if (money_parse(text, cents, err) < 0)
		return err_hint(err, "write dollars and cents, such as 1.50");
	return *cents >= key->least ? 0 : err_set(err, ERR_FORMAT, "\"%.40s\" is nothing", text);
}

/* One of several words between commas, numbers if the key's form says so. */
static int add_word(const struct key *key, struct json_object *list, const char *word, size_t len, struct err *err)
{
	char text[64];
	int64_t number;

	if (len == 0 || len >= sizeof(text))
		return err_set(err, ERR_FORMAT, len ? "a word is too long" : "nothing stands between two commas");
	(void)snprintf(text, sizeof(text), "%.*s", (int)len, word);
	if (key->form == FORM_WORDS)
		return json_object_array_add(list, json_object_new_string(text));
	if (read_number(text, key->least, key->most, &number, err) < 0)
		return -1;
	return json_object_array_add(list, json_object_new_int64(number));
}

static struct json_object *read_list(const struct key *key, const char *text, struct err *err)
{
	struct json_object *list = json_object_new_array();

	for (;;) {
		size_t blanks = strspn(text, " \t"), end = strcspn(text, ","), len = end - blanks;

		while (len > 0 && strchr(" \t", text[blanks + len - 1]))
			len--;
		if (add_word(key, list, text + blanks, len, err) < 0)
			break;
		if (text[end] == '\0')
			return list;
		text += end + 1;
	}
	json_object_put(list);
	return NULL;
}

static struct json_object *value_of(const struct key *key, const char *text, struct err *err)
{
	int64_t number = 0;
	int failed = 0;

	if (key->form == FORM_TEXT)
		return json_object_new_string(text);
	if (key->form == FORM_NUMBERS || key->form == FORM_WORDS)
		return read_list(key, text, err);
	if (key->form == FORM_NUMBER)
		failed = read_number(text, key->least, key->most, &number, err);
	else if (key->form == FORM_TIME)
		failed = read_time(key, text, &number, err);
	else
		failed = read_money(key, text, &number, err);
	return failed ? NULL : json_object_new_int64(number);
}

/* --- lines --- */

/* A section is over: what it must have. */
static void check_section(struct reading *reading)
{
	struct err problem;

	for (size_t i = 0; reading->object && i < KEYS; i++) {
		if (!keys[i].is_needed || keys[i].section != reading->section ||
		    json_has(reading->object, keys[i].member))
			continue;
		(void)err_set(&problem, ERR_FORMAT, "[%s] has no \"%s\"", section_names[reading->section],
			      keys[i].name);
		complain(reading, reading->section_line, &problem);
	}
}

static int find_section(const char *heading, enum section *section, struct err *err)
{
	size_t word = strcspn(heading, " \t");
	struct suggest suggest;

	for (size_t i = 0; i < SECTIONS; i++)
		if (strlen(section_names[i]) == word && strncmp(heading, section_names[i], word) == 0) {
			*section = (enum section)i;
			if (heading[word] == '\0' || *section == SECTION_QUALIFICATION)
				return 0;
		}
	suggest_init(&suggest, heading);
	for (size_t i = 0; i < SECTIONS; i++)
		suggest_offer(&suggest, section_names[i]);
	(void)err_set(err, ERR_FORMAT, "unknown section [%.60s]", heading);
	if (suggest.best)
		return err_hint(err, "did you mean [%s]?", suggest.best);
	return err_hint(err, "there are [hit], [question] and [qualification NAME]");
}

static int open_qualification(struct reading *reading, const char *heading, struct err *err)
{
	const char *type = heading + strlen(section_names[SECTION_QUALIFICATION]);
	struct json_object *list = json_get_array(reading->hit, "qualifications");

	type += strspn(type, " \t");
	if (!type[0]) {
		(void)err_set(err, ERR_FORMAT, "[qualification] needs a name");
		return err_hint(err, "such as [qualification locale], or the id of a qualification type");
	}
	if (!list) {
		list = json_object_new_array();
		json_put_value(reading->hit, "qualifications", list);
	}
	reading->object = json_object_new_object();
	json_put_text(reading->object, "type", type);
	(void)json_object_array_add(list, reading->object);
	return 0;
}

static int open_section(struct reading *reading, const char *heading, struct err *err)
{
	if (find_section(heading, &reading->section, err) < 0)
		return -1;
	if (reading->section == SECTION_QUALIFICATION)
		return open_qualification(reading, heading, err);
	if (reading->section == SECTION_QUESTION) {
		if (json_has(reading->hit, "question"))
			return err_set(err, ERR_FORMAT, "[question] stands here a second time");
		reading->object = json_object_new_object();
		json_put_value(reading->hit, "question", reading->object);
		return 0;
	}
	if (json_has(reading->hit, keys[0].member))
		return err_set(err, ERR_FORMAT, "[hit] stands here a second time");
	reading->object = reading->hit;
	return 0;
}

static int refuse_key(const struct reading *reading, const char *name, struct err *err)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].section == reading->section)
			suggest_offer(&suggest, keys[i].name);
	(void)err_set(err, ERR_FORMAT, "unknown key \"%.40s\" in [%s]", name, section_names[reading->section]);
	if (suggest.best)
		return err_hint(err, "did you mean \"%s\"?", suggest.best);
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return err_hint(err, "it belongs into [%s]", section_names[keys[i].section]);
	return -1;
}

static int read_key(const struct reading *reading, const struct ini_entry *entry, struct err *err)
{
	struct json_object *value;

	for (size_t i = 0; i < KEYS; i++) {
		if (keys[i].section != reading->section || strcmp(keys[i].name, entry->key) != 0)
			continue;
		if (json_has(reading->object, keys[i].member))
			return err_set(err, ERR_FORMAT, "\"%s\" is given twice", entry->key);
		if (!entry->value[0])
			return err_set(err, ERR_FORMAT, "\"%s\" is empty", entry->key);
		value = value_of(&keys[i], entry->value, err);
		if (!value)
			return err_prefix(err, "%s", entry->key);
		json_put_value(reading->object, keys[i].member, value);
		return 0;
	}
	return refuse_key(reading, entry->key, err);
}

static void on_entry(void *arg, const struct ini_entry *entry)
{
	struct reading *reading = arg;
	struct err problem = { 0 };
	int failed = 0;

	if (!entry->key) {
		check_section(reading);
		reading->object = NULL;
		reading->section_line = entry->line;
		failed = open_section(reading, entry->section, &problem);
	} else if (reading->object) {
		failed = read_key(reading, entry, &problem);
	}
	if (failed < 0)
		complain(reading, entry->line, &problem);
}

/* --- the whole --- */

static int check_whole(struct reading *reading, struct err *err)
{
	struct json_object *question = json_get_object(reading->hit, "question");
	bool has_url = json_has(question, "url"), has_file = json_has(question, "file");

	check_section(reading);
	if (reading->has_failed)
		return -1;
	if (!json_has(reading->hit, keys[0].member))
		return err_set(err, ERR_FORMAT, "%s: there is no section [hit]", reading->name);
	if (!question)
		return err_set(err, ERR_FORMAT, "%s: there is no section [question]", reading->name);
	if (has_url == has_file)
		return err_set(err, ERR_FORMAT, "%s: [question] needs either \"url\" or \"file\"", reading->name);
	return 0;
}

struct json_object *hit_ini_read(const char *text, size_t len, const char *name, struct err *err)
{
	struct reading reading = { .name = name, .hit = json_object_new_object(), .err = err };
	const struct ini_listener listener = { on_entry, on_problem, &reading };

	if (ini_text_read(text, len, INI_DIALECT_NGMT, &listener, err) == 0 && check_whole(&reading, err) == 0)
		return reading.hit;
	json_object_put(reading.hit);
	return NULL;
}
