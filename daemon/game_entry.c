/* SPDX-License-Identifier: MIT */
#include "game_entry.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"

#define BLANKS " \t"
#define ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define ID_MAX 64
#define HITS_MAX 1000
/* Of a word that is quoted. */
#define EXCERPT 100

static const char *const policies[] = {
	[POLICY_IMPORT] = "import",
	[POLICY_APPROVE] = "approve",
	[POLICY_PAY] = "pay",
};

#define POLICIES (sizeof(policies) / sizeof(policies[0]))

static const char *const ways[] = {
	[JOIN_NONE] = "none",
	[JOIN_AUTO] = "auto",
	[JOIN_EXIT_CODE] = "exit-code",
	[JOIN_CODES_FILE] = "codes-file",
	[JOIN_WORKER_ID] = "worker-id",
};

_Static_assert(sizeof(ways) / sizeof(ways[0]) == JOIN_WAYS, "a name for every way");

static int find_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

int policy_from_name(const char *name)
{
	return find_name(policies, POLICIES, name);
}

const char *policy_name(enum policy policy)
{
	return policies[policy];
}

int join_way_from_name(const char *name)
{
	return find_name(ways, JOIN_WAYS, name);
}

const char *join_way_name(enum join_way way)
{
	return ways[way];
}

static int refuse_value(const char *key, const char *value, const char *const *names, size_t count, struct err *err)
{
	struct suggest suggest;

	suggest_init(&suggest, value);
	for (size_t i = 0; i < count; i++)
		suggest_offer(&suggest, names[i]);
	(void)err_set(err, ERR_CONFIG, "\"%s=\" cannot be \"%.*s\"", key, EXCERPT, value);
	if (suggest.best)
		return err_hint(err, "did you mean \"%s\"?", suggest.best);
	if (count == POLICIES)
		return err_hint(err, "it is import, approve or pay");
	return err_hint(err, "it is none, auto, exit-code, codes-file or worker-id");
}

static int refuse_twice(const char *key, struct err *err)
{
	return err_set(err, ERR_CONFIG, "\"%s=\" is said twice about one game", key);
}

static int take_policy(struct game_entry *entry, const char *value, struct err *err)
{
	int policy = policy_from_name(value);

	if (entry->has_policy)
		return refuse_twice("policy", err);
	if (policy < 0)
		return refuse_value("policy", value, policies, POLICIES, err);
	entry->has_policy = true;
	entry->policy = (enum policy)policy;
	return 0;
}

static int take_join(struct game_entry *entry, const char *value, struct err *err)
{
	int way = join_way_from_name(value);

	if (entry->has_join)
		return refuse_twice("join", err);
	if (way < 0)
		return refuse_value("join", value, ways, JOIN_WAYS, err);
	entry->has_join = true;
	entry->join = (enum join_way)way;
	return 0;
}

static int check_hit(const char *value, struct err *err)
{
	size_t len = strlen(value);

	if (len > 0 && len <= ID_MAX && strspn(value, ID_CHARACTERS) == len)
		return 0;
	(void)err_set(err, ERR_CONFIG, "\"hit=\" cannot be \"%.*s\"", EXCERPT, value);
	return err_hint(err, "MTurk's ids are capital letters and digits; say hit= once for each HIT");
}

/* In front, because the words are read from the end. */
static int take_hit(struct game_entry *entry, const char *value, struct err *err)
{
	size_t count = 0;
	char **hits, *copy;

	if (check_hit(value, err) < 0)
		return -1;
	while (entry->hits && entry->hits[count])
		count++;
	if (count == HITS_MAX)
		return err_set(err, ERR_CONFIG, "more than %d HITs for one game", HITS_MAX);
	copy = strdup(value);
	hits = copy ? reallocarray(entry->hits, count + 2, sizeof(*hits)) : NULL;
	if (!hits) {
		free(copy);
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	if (count == 0)
		hits[0] = NULL;
	memmove(hits + 1, hits, (count + 1) * sizeof(*hits));
	hits[0] = copy;
	entry->hits = hits;
	return 0;
}

static const struct {
	const char *key;
	int (*take)(struct game_entry *entry, const char *value, struct err *err);
} options[] = {
	{ "policy", take_policy },
	{ "hit", take_hit },
	{ "join", take_join },
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

/* OPTIONS: none of them. */
static size_t find_option(const char *word, size_t key_len)
{
	size_t i = 0;

	while (i < OPTIONS && !(strlen(options[i].key) == key_len && memcmp(options[i].key, word, key_len) == 0))
		i++;
	return i;
}

/* A word like a key and "=" may be the end of a path, unless it is nearly one of ours. */
static int check_near(const char *word, size_t key_len, struct err *err)
{
	char *key = strndup(word, key_len);
	struct suggest suggest;
	int result = 0;

	if (!key)
		return err_set(err, ERR_INTERNAL, "out of memory");
	suggest_init(&suggest, key);
	for (size_t i = 0; i < OPTIONS; i++)
		suggest_offer(&suggest, options[i].key);
	if (suggest.best) {
		(void)err_set(err, ERR_CONFIG, "nothing is known about \"%.*s=\" of a game", EXCERPT, key);
		result = err_hint(err, "did you mean \"%s=\"?", suggest.best);
	}
	free(key);
	return result;
}

/* 1: the word was an option, 0: it belongs to the place, -1. */
static int take_word(struct game_entry *entry, const char *word, struct err *err)
{
	size_t key_len = strcspn(word, "=/");
	size_t option;

	if (word[key_len] != '=' || key_len == 0)
		return 0;
	option = find_option(word, key_len);
	if (option == OPTIONS)
		return check_near(word, key_len, err);
	return options[option].take(entry, word + key_len + 1, err) < 0 ? -1 : 1;
}

static char *last_word(char *text)
{
	char *word = text + strlen(text);

	while (word > text && !strchr(BLANKS, word[-1]))
		word--;
	return word;
}

static void trim_end(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(BLANKS, text[len - 1]))
		text[--len] = '\0';
}

static int check_place(const char *place, struct err *err)
{
	if (!place[0]) {
		(void)err_set(err, ERR_CONFIG, "there is no game in front of the options");
		return err_hint(err, "give its name, its folder or its data folder first");
	}
	for (const char *word = place; *word; word += strspn(word, BLANKS)) {
		size_t key_len = strcspn(word, "=/" BLANKS);

		if (word[key_len] == '=' && find_option(word, key_len) < OPTIONS) {
			(void)err_set(err, ERR_CONFIG, "\"%.*s=\" stands in front of the game or within it",
				      (int)key_len, word);
			return err_hint(err, "options of a game stand behind it");
		}
		word += strcspn(word, BLANKS);
	}
	return 0;
}

int game_entry_read(struct game_entry *out, const char *text, struct err *err)
{
	int result = 1;

	*out = (struct game_entry){ .place = strdup(text + strspn(text, BLANKS)) };
	if (!out->place)
		return err_set(err, ERR_INTERNAL, "out of memory");
	trim_end(out->place);
	while (result == 1 && out->place[0]) {
		char *word = last_word(out->place);

		result = take_word(out, word, err);
		if (result == 1)
			*word = '\0';
		trim_end(out->place);
	}
	if (result >= 0 && check_place(out->place, err) == 0)
		return 0;
	game_entry_finish(out);
	return -1;
}

void game_entry_finish(struct game_entry *entry)
{
	for (size_t i = 0; entry->hits && entry->hits[i]; i++)
		free(entry->hits[i]);
	free(entry->hits);
	free(entry->place);
	*entry = (struct game_entry){ 0 };
}
