/* SPDX-License-Identifier: MIT */
#include "config_option.h"

#include <string.h>
#include <strings.h>

#include "suggest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* Of a wrong value or name, as much is quoted. */
#define EXCERPT_MAX 60
#define QUOTABLE_MAX 40

static const struct config_section sections[] = {
#define SECTION(name, text) { name, text },
#define OPTION(section, key, type, member, min, max, choices, fallback, text)
#define FIELD(symbol, key, name, others)
#include "options.def"
#undef SECTION
#undef OPTION
#undef FIELD
};

/* clang-format off */
#define FIELD_TEXT(name, others) \
	sizeof(others) > 1 ? "The name of the column, if it is none of " name "," others "." \
			   : "The name of the column, if it is not " name "."

static const struct config_option options[] = {
#define SECTION(name, text)
#define OPTION(section, key, type, member, min, max, choices, fallback, text) \
	{ section, key, CONFIG_##type, offsetof(struct config, member), min, max, choices, fallback, text },
#define FIELD(symbol, key, name, others) \
	{ "fields", key, CONFIG_TEXT, offsetof(struct config, fields) + (symbol) * sizeof(char *), 1, 255, NULL, NULL, \
	  FIELD_TEXT(name, others) },
#include "options.def"
#undef SECTION
#undef OPTION
#undef FIELD
};
/* clang-format on */

/* Known names that a suggestion by distance would get wrong. */
static const struct {
	const char *section;
	const char *key;
	const char *message; /* after the quoted key */
	const char *hint;
} known_strangers[] = {
#define LATER "is not an option of this version yet"
	{ "defaults", "unique_request_token", LATER, "remove the line; every payment has a token of its own" },
#undef LATER
	{ "nodegame", "nodeGamePath", "is nodegame-mturk's name", "here it is \"path\"" },
};

size_t config_section_count(void)
{
	return COUNT(sections);
}

const struct config_section *config_section_at(size_t index)
{
	return &sections[index];
}

/* The fields of nodeGame that nobody may configure have no key. */
size_t config_option_count(void)
{
	size_t n = COUNT(options);

	while (n > 0 && !options[n - 1].key[0])
		n--;
	return n;
}

const struct config_option *config_option_at(size_t index)
{
	return &options[index];
}

size_t config_option_index(const struct config_option *option)
{
	return (size_t)(option - options);
}

const struct config_option *config_option_find(const char *section, const char *key)
{
	for (size_t i = 0; i < config_option_count(); i++)
		if (strcmp(options[i].section, section) == 0 && strcmp(options[i].key, key) == 0)
			return &options[i];
	return NULL;
}

bool config_section_exists(const char *section)
{
	for (size_t i = 0; i < COUNT(sections); i++)
		if (strcmp(sections[i].name, section) == 0)
			return true;
	return false;
}

int config_excerpt(const char *text)
{
	size_t n = strnlen(text, EXCERPT_MAX + 1);

	if (n <= EXCERPT_MAX)
		return (int)n;
	for (n = EXCERPT_MAX; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	return (int)n;
}

int config_section_unknown(const char *section, struct err *err)
{
	struct suggest near;

	suggest_init(&near, section);
	for (size_t i = 0; i < COUNT(sections); i++)
		suggest_offer(&near, sections[i].name);
	(void)err_set(err, ERR_CONFIG, "there is no section \"[%.*s]\"", config_excerpt(section), section);
	if (near.best)
		return err_hint(err, "did you mean \"[%s]\"?", near.best);
	return err_hint(err, "ngmt.conf(5) lists the sections");
}

static bool is_known_stranger(const char *section, const char *key, struct err *err)
{
	for (size_t i = 0; i < COUNT(known_strangers); i++) {
		if (strcmp(known_strangers[i].section, section) != 0 || strcasecmp(known_strangers[i].key, key) != 0)
			continue;
		(void)err_set(err, ERR_CONFIG, "\"%s\" in \"[%s]\" %s", key, section, known_strangers[i].message);
		(void)err_hint(err, "%s", known_strangers[i].hint);
		return true;
	}
	return false;
}

/* The nearest key: of this section if there is one, else of any other. */
static const struct config_option *nearest(const char *section, const char *key)
{
	for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
		struct suggest near;

		suggest_init(&near, key);
		for (size_t i = 0; i < config_option_count(); i++)
			if ((strcmp(options[i].section, section) != 0) == elsewhere)
				suggest_offer(&near, options[i].key);
		for (size_t i = 0; near.best && i < config_option_count(); i++)
			if (options[i].key == near.best && (strcmp(options[i].section, section) != 0) == elsewhere)
				return &options[i];
	}
	return NULL;
}

int config_option_unknown(const char *section, const char *key, struct err *err)
{
	const struct config_option *meant;

	if (is_known_stranger(section, key, err))
		return -1;
	meant = nearest(section, key);
	/* A long word that resembles nothing may be a piece of a secret, on a line where it should not be. */
	if (!meant && strlen(key) > QUOTABLE_MAX)
		(void)err_set(err, ERR_CONFIG, "\"[%s]\" has no option of this name", section);
	else
		(void)err_set(err, ERR_CONFIG, "\"[%s]\" has no option \"%.*s\"", section, config_excerpt(key), key);
	if (!meant)
		return err_hint(err, "ngmt.conf(5) lists the options");
	if (strcmp(meant->section, section) == 0)
		return err_hint(err, "did you mean \"%s\"?", meant->key);
	return err_hint(err, "did you mean \"%s\" in \"[%s]\"?", meant->key, meant->section);
}
