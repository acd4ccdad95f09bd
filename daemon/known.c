/* SPDX-License-Identifier: MIT */
#include "known.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "game_entry.h"
#include "game_folder.h"
#include "op.h"
#include "results.h"
#include "suggest.h"

/* So many of the newest are looked at for those that begin as wanted; of rooms, all that there may be. */
#define NEWEST_MAX 2000
#define ROOMS_MAX 20000
/* Words that one that is none is compared with. */
#define NEAR_MAX 5000
/* Ids of one kind begin alike: so much of a word has to be right to look for others than the newest. */
#define NEAR_PREFIX 5
#define NOTE_BYTES 120

struct search {
	struct ledger *ledger;
	const struct config *config;
	const char *what;
	const char *prefix;
	size_t limit;
	struct json_object *seen;
	struct json_object *words;
};

static bool is_full(const struct search *search)
{
	return json_object_array_length(search->words) >= search->limit;
}

static void offer(struct search *search, const char *word, const char *note)
{
	struct json_object *item;

	if (!word || is_full(search) || strncasecmp(word, search->prefix, strlen(search->prefix)) != 0 ||
	    json_has(search->seen, word))
		return;
	json_put_bool(search->seen, word, true);
	item = json_object_new_object();
	json_put_text(item, "word", word);
	json_put_text(item, "note", note);
	(void)json_object_array_add(search->words, item);
}

/* --- where words come from --- */

enum how {
	NEWEST,    /* ?1: how many are looked at; all are offered */
	BY_TEXT,   /* ?1 <= id < ?2, of ?3 at most */
	BY_NUMBER, /* the same, for each range of numbers that begin with these digits, the greatest first */
};

/* Columns: the word, its note, and of operations kind and state. The first of the terms about an index is its own. */
static const struct known_source {
	const char *what;
	enum how how;
	const char *sql;
} sources[] = {
	{ "hits", NEWEST,
	  "SELECT m.value, coalesce((SELECT value FROM meta WHERE key = 'hit_title'), h.title) FROM meta m"
	  " LEFT JOIN hit_fact h ON h.hit_id = m.value WHERE m.key = 'hit' LIMIT ?1" },
	{ "hits", NEWEST,
	  "SELECT hit_id, title FROM hit_fact INDEXED BY hit_fact_newest WHERE known = 1"
	  " ORDER BY created_s DESC LIMIT ?1" },
	{ "hits", NEWEST,
	  "SELECT hit_id, NULL FROM (SELECT hit_id FROM operation ORDER BY id DESC LIMIT ?1)"
	  " WHERE hit_id IS NOT NULL" },
	{ "hits", NEWEST,
	  "SELECT hit_id, NULL FROM (SELECT hit_id FROM result ORDER BY id DESC LIMIT ?1) WHERE hit_id IS NOT NULL" },
	{ "hits", BY_TEXT,
	  "SELECT hit_id, title FROM hit_fact WHERE hit_id >= ?1 AND hit_id < ?2 AND known = 1 LIMIT ?3" },

	{ "assignments", NEWEST,
	  "SELECT assignment_id, worker_id FROM (SELECT assignment_id, worker_id FROM operation ORDER BY id DESC"
	  " LIMIT ?1) WHERE assignment_id IS NOT NULL" },
	{ "assignments", NEWEST,
	  "SELECT assignment_id, worker_id FROM (SELECT assignment_id, worker_id FROM result ORDER BY id DESC LIMIT ?1)"
	  " WHERE assignment_id IS NOT NULL" },
	{ "assignments", BY_TEXT,
	  "SELECT assignment_id, worker_id FROM assignment_fact WHERE assignment_id >= ?1 AND assignment_id < ?2"
	  " LIMIT ?3" },
	{ "assignments", BY_TEXT,
	  "SELECT DISTINCT assignment_id, worker_id FROM operation INDEXED BY operation_assignment"
	  " WHERE assignment_id IS NOT NULL AND assignment_id >= ?1 AND assignment_id < ?2 LIMIT ?3" },
	{ "assignments", BY_TEXT,
	  "SELECT DISTINCT r.assignment_id, r.worker_id FROM " ROWS_BY("assignment_id", ">= ?1")
		  " WHERE r.assignment_id < ?2 LIMIT ?3" },

	{ "workers", NEWEST,
	  "SELECT worker_id, NULL FROM (SELECT worker_id FROM operation ORDER BY id DESC LIMIT ?1)"
	  " WHERE worker_id IS NOT NULL" },
	{ "workers", NEWEST,
	  "SELECT worker_id, NULL FROM (SELECT worker_id FROM result ORDER BY id DESC LIMIT ?1)"
	  " WHERE worker_id IS NOT NULL" },
	/* One worker may have very many operations: from one to the next. */
	{ "workers", BY_TEXT,
	  "WITH RECURSIVE w (id) AS (SELECT min(worker_id) FROM operation WHERE worker_id >= ?1 AND worker_id < ?2"
	  " UNION ALL SELECT (SELECT min(worker_id) FROM operation WHERE worker_id > w.id AND worker_id < ?2) FROM w"
	  " WHERE w.id IS NOT NULL) SELECT id, NULL FROM w WHERE id IS NOT NULL LIMIT ?3" },
	{ "workers", BY_TEXT,
	  "SELECT DISTINCT r.worker_id, NULL FROM " ROWS_BY("worker_id", ">= ?1") " WHERE r.worker_id < ?2 LIMIT ?3" },
	{ "workers", BY_TEXT,
	  "SELECT DISTINCT worker_id, NULL FROM recipient WHERE worker_id >= ?1 AND worker_id < ?2 LIMIT ?3" },

	{ "rooms", NEWEST,
	  "SELECT CASE r.name WHEN '' THEN '.' ELSE r.name END, f.game FROM room r JOIN folder f ON f.id = r.folder_id"
	  " ORDER BY r.id DESC LIMIT ?1" },

	{ "games", NEWEST, "SELECT game, path FROM folder ORDER BY watched DESC, id DESC LIMIT ?1" },

	{ "qualifications", NEWEST,
	  "SELECT value, (SELECT value FROM meta WHERE key = 'qualification_name') FROM meta"
	  " WHERE key = 'qualification_type' LIMIT ?1" },
	{ "qualifications", NEWEST,
	  "SELECT qualification_type_id, name FROM type_fact ORDER BY created_s DESC LIMIT ?1" },
	{ "qualifications", NEWEST,
	  "SELECT qualification_type_id, CASE kind WHEN 9 THEN subject END FROM"
	  " (SELECT id, qualification_type_id, kind, subject FROM operation ORDER BY id DESC LIMIT ?1)"
	  " WHERE qualification_type_id IS NOT NULL ORDER BY kind = 9 DESC, id DESC" },

	{ "operations", BY_NUMBER,
	  "SELECT id, coalesce(worker_id, hit_id, subject), kind, state FROM operation WHERE id >= ?1 AND id < ?2"
	  " ORDER BY id DESC LIMIT ?3" },
	{ "batches", BY_NUMBER,
	  "SELECT id, user || ': ' || coalesce(typed, command) FROM batch WHERE id >= ?1 AND id < ?2 AND ready"
	  " ORDER BY id DESC LIMIT ?3" },
};

_Static_assert(OP_CREATE_TYPE == 9, "the number in the query");

#define SOURCES (sizeof(sources) / sizeof(sources[0]))

static bool is_noun(const char *what)
{
	for (size_t i = 0; i < SOURCES; i++)
		if (strcmp(sources[i].what, what) == 0)
			return true;
	return false;
}

static const char *note_of(const struct search *search, struct statement *get, char note[NOTE_BYTES])
{
	const char *text = statement_text(get, 1);
	int64_t kind, state;

	if (strcmp(search->what, "operations") != 0)
		return text;
	kind = statement_int(get, 2);
	state = statement_int(get, 3);
	if (kind < 0 || kind >= OP_KINDS || state < 0 || state >= OP_STATES)
		return text;
	(void)snprintf(note, NOTE_BYTES, "%s%s%.80s, %s", op_kind_name((enum op_kind)kind), text ? " " : "",
		       text ? text : "", op_state_name((enum op_state)state));
	return note;
}

static int take_all(struct search *search, struct statement *get, struct err *err)
{
	char note[NOTE_BYTES];
	int more = 0;

	while (!is_full(search) && (more = statement_step(get, err)) == 1)
		offer(search, statement_text(get, 0), note_of(search, get, note));
	if (more == 1 || is_full(search))
		statement_reset(get);
	return more < 0 ? -1 : 0;
}

static int take_newest(struct search *search, const struct known_source *source, struct err *err)
{
	struct statement *get = store_statement(search->ledger->store, source->sql, err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, strcmp(source->what, "rooms") == 0 ? ROOMS_MAX : NEWEST_MAX);
	return take_all(search, get, err);
}

/* Words that were found before are among those that come: so many more are asked for. */
static int64_t wanted(const struct search *search)
{
	return (int64_t)(search->limit + json_object_array_length(search->words));
}

static int take_by_text(struct search *search, const struct known_source *source, struct err *err)
{
	struct statement *get = store_statement(search->ledger->store, source->sql, err);
	char low[KNOWN_WORD_BYTES], high[KNOWN_WORD_BYTES + 1];

	if (!get)
		return -1;
	(void)snprintf(low, sizeof(low), "%s", search->prefix);
	for (char *p = low; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	(void)snprintf(high, sizeof(high), "%s~", low);
	statement_bind_text(get, 1, low);
	statement_bind_text(get, 2, high);
	statement_bind_int(get, 3, wanted(search));
	return take_all(search, get, err);
}

static int take_range(struct search *search, const struct known_source *source, int64_t low, int64_t high,
		      struct err *err)
{
	struct statement *get = store_statement(search->ledger->store, source->sql, err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, low);
	statement_bind_int(get, 2, high);
	statement_bind_int(get, 3, wanted(search));
	return take_all(search, get, err);
}

/* 12 begins 12, 120 to 129, 1200 to 1299, and so on. */
static int take_by_number(struct search *search, const struct known_source *source, struct err *err)
{
	int64_t first, width = 1;
	size_t digits = strlen(search->prefix);

	if (digits == 0)
		return take_range(search, source, 1, INT64_MAX, err);
	if (digits > 17 || search->prefix[0] == '0' || strspn(search->prefix, "0123456789") != digits)
		return 0;
	first = strtoll(search->prefix, NULL, 10);
	for (; digits < 18; digits++)
		width *= 10;
	for (; width > 0 && !is_full(search); width /= 10)
		if (take_range(search, source, first * width, (first + 1) * width, err) < 0)
			return -1;
	return 0;
}

/* --- what only the configuration knows --- */

static void offer_game(struct search *search, const char *text)
{
	struct game_entry entry;
	char *name;

	if (game_entry_read(&entry, text, NULL) < 0)
		return;
	name = game_folder_name(entry.place);
	offer(search, name, entry.place);
	free(name);
	game_entry_finish(&entry);
}

static void take_configured(struct search *search)
{
	const struct config *config = search->config;

	if (!config)
		return;
	for (size_t i = 0; strcmp(search->what, "games") == 0 && i < config->games.count; i++)
		offer_game(search, config->games.items[i]);
	if (strcmp(search->what, "qualifications") == 0)
		offer(search, config->default_qualification_type_id, "configured");
	if (strcmp(search->what, "hits") == 0)
		offer(search, config->default_hit_id, "configured");
}

static int take_sources(struct search *search, struct err *err)
{
	static int (*const takers[])(struct search *search, const struct known_source *source, struct err *err) = {
		[NEWEST] = take_newest, [BY_TEXT] = take_by_text, [BY_NUMBER] = take_by_number
	};

	for (size_t i = 0; i < SOURCES && !is_full(search); i++)
		if (strcmp(sources[i].what, search->what) == 0 && takers[sources[i].how](search, &sources[i], err) < 0)
			return -1;
	take_configured(search);
	return 0;
}

static struct json_object *find(struct search *search, struct err *err)
{
	int result = 0;

	search->seen = json_object_new_object();
	search->words = json_object_new_array();
	/* No id is as long. */
	if (strlen(search->prefix) < KNOWN_WORD_BYTES)
		result = take_sources(search, err);
	json_object_put(search->seen);
	if (result == 0)
		return search->words;
	json_object_put(search->words);
	return NULL;
}

static int check_noun(const char *what, struct err *err)
{
	struct suggest suggest;

	if (is_noun(what))
		return 0;
	(void)err_set(err, ERR_USAGE,
		      "\"what\" is hits, workers, assignments, rooms, games, qualifications, operations or batches, "
		      "not \"%.40s\"",
		      what);
	suggest_init(&suggest, what);
	for (size_t i = 0; i < SOURCES; i++)
		suggest_offer(&suggest, sources[i].what);
	return suggest.best ? err_hint(err, "did you mean \"%s\"?", suggest.best) : -1;
}

struct json_object *known_words(struct ledger *ledger, const struct config *config, const char *what,
				const char *prefix, int64_t limit, struct err *err)
{
	struct search search = { .ledger = ledger, .config = config, .what = what, .prefix = prefix,
				 .limit = (size_t)limit };

	if (check_noun(what, err) < 0)
		return NULL;
	if (limit < 1 || limit > KNOWN_WORDS_MAX) {
		(void)err_set(err, ERR_USAGE, "\"limit\" is 1 to %d", KNOWN_WORDS_MAX);
		return NULL;
	}
	return find(&search, err);
}

/* --- did you mean --- */

static void compare(struct suggest *suggest, struct json_object *words, char best[KNOWN_WORD_BYTES])
{
	size_t count = words ? json_object_array_length(words) : 0, distance = suggest->distance;
	const char *word = "";

	for (size_t i = 0; i < count; i++) {
		(void)json_get_text(json_object_array_get_idx(words, i), "word", &word);
		suggest_offer(suggest, word);
	}
	/* The offers are gone with the words. */
	if (suggest->distance < distance)
		(void)snprintf(best, KNOWN_WORD_BYTES, "%s", suggest->best);
}

bool known_nearest(struct ledger *ledger, const struct config *config, const char *what, const char *word,
		   char best[KNOWN_WORD_BYTES])
{
	char beginning[NEAR_PREFIX + 1];
	const char *const prefixes[] = { beginning, "" };
	struct suggest suggest;

	best[0] = '\0';
	(void)snprintf(beginning, sizeof(beginning), "%s", word);
	suggest_init(&suggest, word);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]) && !best[0]; i++) {
		struct search search = { .ledger = ledger, .config = config, .what = what, .prefix = prefixes[i],
					 .limit = NEAR_MAX };
		struct json_object *words = find(&search, NULL);

		compare(&suggest, words, best);
		json_object_put(words);
	}
	return best[0] != '\0';
}
