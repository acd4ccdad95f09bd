/* SPDX-License-Identifier: MIT */
#include "duplicates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "results.h"

#define SLICE_MS 5
#define ROWS_AT_ONCE 500
#define BATCHES_PER_SLICE 40
#define BITS_PER_ROW 16
#define BITS_MIN ((uint64_t)1 << 13)
#define BITS_MAX ((uint64_t)1 << 27)
#define PROBES 4

struct place {
	int64_t source_id;
	size_t order;
};

struct duplicates {
	struct ledger *ledger;
	int64_t *order;  /* sources: those of the set first, then the files */
	size_t count;
	size_t files_at; /* of the first file in `order` */
	struct place *places; /* the same by id */
	int64_t *repeats;     /* of each source */
	uint64_t *bits;
	uint64_t bit_count; /* a power of two */
	size_t at;          /* the source that is being read */
	int64_t row_at;
};

static int append(struct duplicates *duplicates, int64_t source_id, struct err *err)
{
	size_t count = duplicates->count + 1;
	int64_t *order = duplicates->order;

	/* Doubled at each power of two. */
	if ((duplicates->count & (duplicates->count - 1)) == 0)
		order = realloc(duplicates->order, 2 * count * sizeof(*order));
	if (!order)
		return err_set(err, ERR_INTERNAL, "out of memory");
	duplicates->order = order;
	order[duplicates->count] = source_id;
	duplicates->count = count;
	return 0;
}

static int append_working_set(struct duplicates *duplicates, const char *files, struct err *err)
{
	struct statement *get = store_statement(
		duplicates->ledger->store,
		"SELECT w.source_id FROM working_set w JOIN source s ON s.id = w.source_id WHERE s.path NOT IN"
		" (SELECT f.path FROM json_each(?1) j JOIN source f ON f.id = j.value) ORDER BY w.source_id",
		err);
	int more;

	if (!get)
		return -1;
	statement_bind_text(get, 1, files);
	while ((more = statement_step(get, err)) == 1) {
		if (append(duplicates, statement_int(get, 0), err) < 0) {
			statement_reset(get);
			return -1;
		}
	}
	return more;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *one = a, *other = b;

	return (one->source_id > other->source_id) - (one->source_id < other->source_id);
}

static int make_filter(struct duplicates *duplicates, struct err *err)
{
	uint64_t rows = 0;

	for (size_t i = 0; i < duplicates->count; i++) {
		int64_t verdicts[VERDICT_SKIP + 1];

		if (results_get_counts(duplicates->ledger, duplicates->order[i], verdicts, err) < 0)
			return -1;
		for (int verdict = 0; verdict < VERDICT_SKIP; verdict++)
			rows += (uint64_t)verdicts[verdict];
	}
	for (duplicates->bit_count = BITS_MIN;
	     duplicates->bit_count < rows * BITS_PER_ROW && duplicates->bit_count < BITS_MAX;)
		duplicates->bit_count *= 2;
	duplicates->bits = calloc(duplicates->bit_count / 64, sizeof(*duplicates->bits));
	duplicates->repeats = calloc(duplicates->count + 1, sizeof(*duplicates->repeats));
	duplicates->places = calloc(duplicates->count + 1, sizeof(*duplicates->places));
	if (!duplicates->bits || !duplicates->repeats || !duplicates->places)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < duplicates->count; i++)
		duplicates->places[i] = (struct place){ duplicates->order[i], i };
	qsort(duplicates->places, duplicates->count, sizeof(*duplicates->places), compare_places);
	return 0;
}

static char *list_ids(const int64_t *ids, size_t count)
{
	struct json_object *array = json_object_new_array();
	char *text;

	for (size_t i = 0; i < count; i++)
		(void)json_object_array_add(array, json_object_new_int64(ids[i]));
	text = strdup(json_text(array, NULL));
	json_object_put(array);
	return text;
}

static int init(struct duplicates *duplicates, const int64_t *sources, size_t count, const char *files, bool adds,
		struct err *err)
{
	if (!files)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (adds && append_working_set(duplicates, files, err) < 0)
		return -1;
	duplicates->files_at = duplicates->count;
	for (size_t i = 0; i < count; i++)
		if (append(duplicates, sources[i], err) < 0)
			return -1;
	return make_filter(duplicates, err);
}

struct duplicates *duplicates_new(struct ledger *ledger, const int64_t *sources, size_t count, bool adds,
				  struct err *err)
{
	struct duplicates *duplicates = calloc(1, sizeof(*duplicates));
	char *files;
	int result;

	if (!duplicates) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	duplicates->ledger = ledger;
	files = list_ids(sources, count);
	result = init(duplicates, sources, count, files, adds, err);
	free(files);
	if (result == 0)
		return duplicates;
	duplicates_free(duplicates);
	return NULL;
}

void duplicates_free(struct duplicates *duplicates)
{
	if (!duplicates)
		return;
	free(duplicates->order);
	free(duplicates->places);
	free(duplicates->repeats);
	free(duplicates->bits);
	free(duplicates);
}

int64_t duplicates_of(const struct duplicates *duplicates, size_t index)
{
	return duplicates->repeats[duplicates->files_at + index];
}

/* Notes the text; whether it may have been noted before. */
static bool was_noted(struct duplicates *duplicates, const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325), step, mask = duplicates->bit_count - 1;
	bool noted = true;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	hash ^= hash >> 32;
	step = (hash * UINT64_C(0x9e3779b97f4a7c15)) >> 20 | 1;
	for (int i = 0; i < PROBES; i++, hash += step) {
		uint64_t *word = &duplicates->bits[(hash & mask) / 64], bit = UINT64_C(1) << (hash & 63);

		noted = noted && (*word & bit);
		*word |= bit;
	}
	return noted;
}

static bool comes_before(const struct duplicates *duplicates, int64_t source_id, int64_t row_id, int64_t this_row)
{
	const struct place key = { .source_id = source_id };
	const struct place *place = bsearch(&key, duplicates->places, duplicates->count, sizeof(key), compare_places);

	if (!place)
		return false;
	return place->order < duplicates->at || (place->order == duplicates->at && row_id < this_row);
}

static int is_repeated(struct duplicates *duplicates, const char *assignment_id, int64_t row_id, struct err *err)
{
	struct statement *get = store_statement(duplicates->ledger->store,
						"SELECT r.source_id, r.id FROM " ROWS_BY("assignment_id", "= ?1"), err);
	int more;

	if (!get)
		return -1;
	statement_bind_text(get, 1, assignment_id);
	while ((more = statement_step(get, err)) == 1) {
		if (comes_before(duplicates, statement_int(get, 0), statement_int(get, 1), row_id)) {
			statement_reset(get);
			return 1;
		}
	}
	return more;
}

/* 1: there are more, 0: this was the end of the source, -1. */
static int read_rows(struct duplicates *duplicates, struct err *err)
{
	struct statement *get = store_statement(duplicates->ledger->store,
						"SELECT id, assignment_id FROM result WHERE source_id = ?1 AND id > ?2"
						" ORDER BY id LIMIT ?3",
						err);
	int more, rows = 0, repeated = 0;

	if (!get)
		return -1;
	statement_bind_int(get, 1, duplicates->order[duplicates->at]);
	statement_bind_int(get, 2, duplicates->row_at);
	statement_bind_int(get, 3, ROWS_AT_ONCE);
	while (repeated >= 0 && (more = statement_step(get, err)) == 1) {
		const char *assignment_id = statement_text(get, 1);

		rows++;
		duplicates->row_at = statement_int(get, 0);
		repeated = assignment_id && was_noted(duplicates, assignment_id)
				   ? is_repeated(duplicates, assignment_id, duplicates->row_at, err)
				   : 0;
		duplicates->repeats[duplicates->at] += repeated > 0;
	}
	if (repeated < 0)
		statement_reset(get);
	return repeated < 0 || more < 0 ? -1 : rows == ROWS_AT_ONCE;
}

int duplicates_slice(struct duplicates *duplicates, struct err *err)
{
	int64_t until = clock_mono_ms() + SLICE_MS;

	for (int i = 0; i < BATCHES_PER_SLICE && duplicates->at < duplicates->count; i++) {
		int more = read_rows(duplicates, err);

		if (more < 0)
			return -1;
		if (more == 0) {
			duplicates->at++;
			duplicates->row_at = 0;
		}
		if (clock_mono_ms() >= until)
			break;
	}
	return duplicates->at < duplicates->count;
}
