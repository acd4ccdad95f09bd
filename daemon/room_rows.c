/* SPDX-License-Identifier: MIT */
#include "room_rows.h"

#include <stdlib.h>
#include <string.h>

#include "results.h"

#define SLOTS_FIRST 64

/* Of `packed`; the rest is the row's id. An id is above 0, so an entry that is 0 is free. */
#define IS_CURRENT 1
#define HAS_RULES 2 /* the ones of the new version */
#define IS_SEEN 4   /* is in the new version */
#define FLAG_BITS 3

struct entry {
	int64_t digest;
	int64_t packed;
};

struct id_list {
	int64_t *ids;
	size_t count;
	size_t size;
};

struct room_rows {
	struct ledger *ledger;
	int64_t room_id;
	char *rules;
	struct entry *slots; /* open addressing, a power of two, at most three quarters full */
	size_t size;
	size_t count;
	int64_t source_at, row_at; /* how far it is loaded */
	int64_t first_id, last_id;
	struct id_list replaced;
	struct id_list back; /* replaced once, and in the file again */
	struct id_list revived;
	size_t settled; /* of `back` */
};

struct room_rows *room_rows_new(struct ledger *ledger, int64_t room_id, const char *rules, struct err *err)
{
	struct room_rows *rows = calloc(1, sizeof(*rows));

	if (rows) {
		rows->ledger = ledger;
		rows->room_id = room_id;
		rows->rules = strdup(rules);
		rows->size = SLOTS_FIRST;
		rows->slots = calloc(rows->size, sizeof(*rows->slots));
	}
	if (rows && rows->rules && rows->slots)
		return rows;
	room_rows_free(rows);
	(void)err_set(err, ERR_INTERNAL, "out of memory");
	return NULL;
}

void room_rows_free(struct room_rows *rows)
{
	if (!rows)
		return;
	free(rows->rules);
	free(rows->slots);
	free(rows->replaced.ids);
	free(rows->back.ids);
	free(rows->revived.ids);
	free(rows);
}

static int append(struct id_list *list, int64_t id, struct err *err)
{
	size_t size = list->size ? 2 * list->size : 64;
	int64_t *ids;

	if (list->count == list->size) {
		ids = realloc(list->ids, size * sizeof(*ids));
		if (!ids)
			return err_set(err, ERR_INTERNAL, "out of memory");
		list->ids = ids;
		list->size = size;
	}
	list->ids[list->count++] = id;
	return 0;
}

static size_t slot_of(const struct room_rows *rows, int64_t digest)
{
	return ((uint64_t)digest * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (rows->size - 1);
}

static void put(struct room_rows *rows, const struct entry *entry)
{
	size_t at = slot_of(rows, entry->digest);

	while (rows->slots[at].packed)
		at = (at + 1) & (rows->size - 1);
	rows->slots[at] = *entry;
}

static int grow(struct room_rows *rows, struct err *err)
{
	struct entry *old = rows->slots;
	size_t old_size = rows->size;

	rows->slots = calloc(2 * old_size, sizeof(*old));
	if (!rows->slots) {
		rows->slots = old;
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	rows->size = 2 * old_size;
	for (size_t i = 0; i < old_size; i++)
		if (old[i].packed)
			put(rows, &old[i]);
	free(old);
	return 0;
}

static int add(struct room_rows *rows, const struct entry *entry, struct err *err)
{
	if (rows->count >= ROOM_ROWS_MAX) {
		(void)err_set(err, ERR_FORMAT, "the versions of this file have more than %d rows", ROOM_ROWS_MAX);
		return err_hint(err, "no room has that many; nothing of the new version was imported");
	}
	if (4 * (rows->count + 1) > 3 * rows->size && grow(rows, err) < 0)
		return -1;
	put(rows, entry);
	rows->count++;
	return 0;
}

static int take(struct room_rows *rows, struct statement *get, struct err *err)
{
	int64_t id = statement_int(get, 1);
	int64_t flags = (statement_int(get, 3) ? IS_CURRENT : 0) | (statement_int(get, 4) ? HAS_RULES : 0);
	const struct entry entry = { .digest = statement_int(get, 2), .packed = id << FLAG_BITS | flags };

	rows->source_at = statement_int(get, 0);
	rows->row_at = id;
	if (!rows->first_id || id < rows->first_id)
		rows->first_id = id;
	if (id > rows->last_id)
		rows->last_id = id;
	return add(rows, &entry, err);
}

int room_rows_load(struct room_rows *rows, int64_t limit, struct err *err)
{
	struct statement *get =
		store_statement(rows->ledger->store,
				"SELECT s.id, r.id, r.digest, r.current, s.rules = ?2"
				" FROM source s CROSS JOIN result r ON r.source_id = s.id"
				" WHERE s.room_id = ?1 AND s.ready AND s.id >= ?3"
				" AND r.id > CASE s.id WHEN ?3 THEN ?4 ELSE 0 END ORDER BY s.id, r.id LIMIT ?5",
				err);
	int64_t taken = 0;
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, rows->room_id);
	statement_bind_text(get, 2, rows->rules);
	statement_bind_int(get, 3, rows->source_at);
	statement_bind_int(get, 4, rows->row_at);
	statement_bind_int(get, 5, limit);
	while ((more = statement_step(get, err)) == 1) {
		taken++;
		if (take(rows, get, err) < 0) {
			statement_reset(get);
			return -1;
		}
	}
	return more < 0 ? -1 : taken == limit;
}

static struct entry *next_like(const struct room_rows *rows, int64_t digest, size_t *at)
{
	for (; rows->slots[*at].packed; *at = (*at + 1) & (rows->size - 1)) {
		struct entry *entry = &rows->slots[*at];

		if (entry->digest == digest) {
			*at = (*at + 1) & (rows->size - 1);
			return entry;
		}
	}
	return NULL;
}

static bool has(const struct entry *entry, int64_t flags)
{
	return (entry->packed & flags) == flags;
}

static int replace(struct room_rows *rows, struct entry *entry, struct err *err)
{
	entry->packed &= ~(int64_t)IS_CURRENT;
	return append(&rows->replaced, entry->packed >> FLAG_BITS, err);
}

/* The same line may be there several times, and under other rules as well. Where the new rules have a row for it, that
 * one counts. */
int room_rows_meet(struct room_rows *rows, int64_t digest, struct err *err)
{
	size_t at = slot_of(rows, digest);
	struct entry *known = NULL, *entry;

	while ((entry = next_like(rows, digest, &at))) {
		bool was_seen = has(entry, IS_SEEN);

		if (has(entry, HAS_RULES) && (!known || has(entry, IS_CURRENT)))
			known = entry;
		entry->packed |= IS_SEEN;
		if (was_seen)
			continue;
		if (has(entry, HAS_RULES) && !has(entry, IS_CURRENT) &&
		    append(&rows->back, entry->packed >> FLAG_BITS, err) < 0)
			return -1;
		if (!has(entry, HAS_RULES) && has(entry, IS_CURRENT) && replace(rows, entry, err) < 0)
			return -1;
	}
	return known != NULL;
}

/* Current rows of the room about the same work (?1 the assignment, ?2 the worker), but those of the source ?4. */
static struct statement *find_same_work(struct room_rows *rows, const char *assignment_id, const char *worker_id,
					int64_t source_id, struct err *err)
{
	struct statement *get = store_statement(
		rows->ledger->store,
		"SELECT r.id, r.bonus_payable, r.bonus_cents, r.digest FROM " ROWS_BY("assignment_id", "= ?1")
			" WHERE g.n >= ?5 >> 13 AND r.worker_id = ?2 AND s.room_id = ?3 AND s.id <> ?4"
			" AND s.ready AND r.current",
		err);

	if (!get)
		return NULL;
	statement_bind_text(get, 1, assignment_id);
	statement_bind_text(get, 2, worker_id);
	statement_bind_int(get, 3, rows->room_id);
	statement_bind_int(get, 4, source_id);
	statement_bind_int(get, 5, rows->first_id);
	return get;
}

static bool is_other_amount(struct statement *get, bool has_bonus, int64_t bonus_cents)
{
	return has_bonus && statement_int(get, 1) && statement_int(get, 2) != bonus_cents;
}

int room_rows_replace(struct room_rows *rows, int64_t source_id, const struct row *row, struct err *err)
{
	struct statement *get;
	int more;

	if (rows->count == 0 || !row->assignment_id || !row->worker_id)
		return 0;
	get = find_same_work(rows, row->assignment_id, row->worker_id, source_id, err);
	if (!get)
		return -1;
	while ((more = statement_step(get, err)) == 1) {
		if (is_other_amount(get, row->has_bonus, row->bonus_cents))
			continue;
		if (append(&rows->replaced, statement_int(get, 0), err) < 0) {
			statement_reset(get);
			return -1;
		}
	}
	return more;
}

/* --- rows that are back --- */

struct returning {
	int64_t id;
	char *assignment_id;
	char *worker_id;
	bool has_bonus;
	int64_t bonus_cents;
	int64_t digest;
};

static int read_returning(struct room_rows *rows, int64_t id, struct returning *out, struct err *err)
{
	struct statement *get = store_statement(
		rows->ledger->store,
		"SELECT coalesce(assignment_id, ''), coalesce(worker_id, ''), bonus_payable, bonus_cents, digest"
		" FROM result WHERE id = ?1",
		err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, id);
	if (statement_step(get, err) != 1)
		return -1;
	*out = (struct returning){ .id = id,
				   .assignment_id = strdup(statement_text(get, 0)),
				   .worker_id = strdup(statement_text(get, 1)),
				   .has_bonus = statement_int(get, 2) != 0,
				   .bonus_cents = statement_int(get, 3),
				   .digest = statement_int(get, 4) };
	statement_reset(get);
	return out->assignment_id && out->worker_id ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

/* As it is; what was judged under other rules has been replaced. */
static bool is_in_new_version(const struct room_rows *rows, int64_t id, int64_t digest)
{
	size_t at = slot_of(rows, digest);
	const struct entry *entry;

	while ((entry = next_like(rows, digest, &at)))
		if (entry->packed >> FLAG_BITS == id)
			return has(entry, IS_SEEN | HAS_RULES);
	return false;
}

/* Whether another row about the same work is in the new version: 1, 0, -1. Those that are not are noted in `gone`. */
static int find_rivals(struct room_rows *rows, const struct returning *row, struct id_list *gone, struct err *err)
{
	struct statement *get = find_same_work(rows, row->assignment_id, row->worker_id, 0, err);
	int more, rivals = 0;

	if (!get)
		return -1;
	while ((more = statement_step(get, err)) == 1) {
		if (is_in_new_version(rows, statement_int(get, 0), statement_int(get, 3)))
			rivals = 1;
		else if (!is_other_amount(get, row->has_bonus, row->bonus_cents) &&
			 append(gone, statement_int(get, 0), err) < 0) {
			statement_reset(get);
			return -1;
		}
	}
	return more < 0 ? -1 : rivals;
}

/* A row of the source that is being read is about the same work. */
static int has_new_row(struct room_rows *rows, int64_t source_id, const struct returning *row, struct err *err)
{
	struct statement *get = store_statement(rows->ledger->store,
						"SELECT count(*) FROM " ROWS_BY("assignment_id", "= ?1")
							" WHERE g.n >= ?4 >> 13 AND r.worker_id = ?2 AND s.id = ?3"
							" AND s.ready = 0",
						err);
	int64_t count;

	if (!get)
		return -1;
	statement_bind_text(get, 1, row->assignment_id);
	statement_bind_text(get, 2, row->worker_id);
	statement_bind_int(get, 3, source_id);
	statement_bind_int(get, 4, rows->first_id);
	return statement_number(get, &count, err) < 0 ? -1 : count > 0;
}

static int settle_one(struct room_rows *rows, int64_t source_id, const struct returning *row, struct err *err)
{
	struct id_list gone = { 0 };
	int rivals = 0;

	if (row->assignment_id[0]) {
		rivals = has_new_row(rows, source_id, row, err);
		if (rivals == 0)
			rivals = find_rivals(rows, row, &gone, err);
	}
	if (rivals == 0)
		rivals = append(&rows->revived, row->id, err);
	else
		gone.count = 0;
	for (size_t i = 0; i < gone.count && rivals == 0; i++)
		rivals = append(&rows->replaced, gone.ids[i], err);
	free(gone.ids);
	return rivals < 0 ? -1 : 0;
}

int room_rows_settle(struct room_rows *rows, int64_t source_id, int64_t limit, struct err *err)
{
	for (; limit > 0 && rows->settled < rows->back.count; limit--) {
		struct returning row = { 0 };
		int result = read_returning(rows, rows->back.ids[rows->settled++], &row, err);

		if (result == 0 && row.assignment_id && row.worker_id)
			result = settle_one(rows, source_id, &row, err);
		free(row.assignment_id);
		free(row.worker_id);
		if (result < 0)
			return -1;
	}
	return rows->settled < rows->back.count;
}

static int run_each(struct statement *update, const struct id_list *list, struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		statement_bind_int(update, 1, list->ids[i]);
		if (statement_run(update, err) < 0)
			return -1;
	}
	return 0;
}

int64_t room_rows_apply(struct room_rows *rows, struct err *err)
{
	struct store *store = rows->ledger->store;
	struct statement *replace_rows, *revive;

	if (store_begin(store, err) < 0)
		return -1;
	replace_rows = store_statement(store, "UPDATE result SET current = 0, todo = 0 WHERE id = ?1", err);
	revive = store_statement(store, "UPDATE result SET current = 1, todo = verdict <> 3 WHERE id = ?1", err);
	if (!replace_rows || !revive || run_each(replace_rows, &rows->replaced, err) < 0 ||
	    run_each(revive, &rows->revived, err) < 0)
		return -1;
	return (int64_t)rows->revived.count;
}

_Static_assert(VERDICT_SKIP == 3, "the number in room_rows_apply()");
