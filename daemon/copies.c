/* SPDX-License-Identifier: MIT */
#include "copies.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "snapshot.h"

#define DAY_S 86400
/* Files that are removed in one turn. */
#define REMOVALS 20

void copies_init(struct copies *copies, struct ledger *ledger, int64_t keep_s)
{
	*copies = (struct copies){ .ledger = ledger, .keep_s = keep_s, .has_contained = true };
	snapshot_clean(ledger->directory);
}

int copies_note_kept(struct copies *copies, const char *sha256, struct err *err)
{
	struct store *store = copies->ledger->store;
	struct statement *update =
		store_begin(store, err) < 0
			? NULL
			: store_statement(store,
					  "UPDATE snapshot SET kept = 1, read_s = ?2, contained_in = NULL,"
					  " removed_s = 0 WHERE sha256 = ?1",
					  err);

	if (!update)
		return -1;
	statement_bind_text(update, 1, sha256);
	statement_bind_int(update, 2, clock_wall_ms() / 1000);
	return statement_run(update, err);
}

int copies_may_have(struct copies *copies, int64_t bytes, struct err *err)
{
	struct statement *get = store_statement(copies->ledger->store,
						"SELECT count(*) FROM snapshot WHERE bytes = ?1 AND kept = 1", err);
	int64_t count;

	if (!get)
		return -1;
	statement_bind_int(get, 1, bytes);
	return statement_number(get, &count, err) < 0 ? -1 : count > 0;
}

int copies_note_contained(struct copies *copies, const char *earlier, const char *later, struct err *err)
{
	struct store *store = copies->ledger->store;
	struct statement *update = store_begin(store, err) < 0
					   ? NULL
					   : store_statement(store,
							     "UPDATE snapshot SET contained_in = ?2 WHERE sha256 = ?1"
							     " AND kept = 1",
							     err);

	if (!update)
		return -1;
	statement_bind_text(update, 1, earlier);
	statement_bind_text(update, 2, later);
	copies->has_contained = true;
	return statement_run(update, err);
}

static int remove_one(struct copies *copies, const char *sha256, struct err *err)
{
	struct statement *update;

	/* In this order: what is gone and not noted is found again by the next look. */
	if (snapshot_remove(copies->ledger->directory, sha256) < 0) {
		log_warn("a copy of a file cannot be removed sha256=%.12s", sha256);
		return 0;
	}
	update = store_statement(copies->ledger->store,
				 "UPDATE snapshot SET kept = 0, removed_s = ?2 WHERE sha256 = ?1", err);
	if (!update)
		return -1;
	statement_bind_text(update, 1, sha256);
	statement_bind_int(update, 2, clock_wall_ms() / 1000);
	return statement_run(update, err);
}

/* Removes what `get` finds; the last one is where the next look goes on. The number of them, -1. */
static int remove_found(struct copies *copies, struct statement *get, struct err *err)
{
	char found[REMOVALS][sizeof(copies->cursor)];
	int count = 0, more = -1;

	if (!get)
		return -1;
	while (count < REMOVALS && (more = statement_step(get, err)) == 1)
		(void)snprintf(found[count++], sizeof(found[0]), "%s", statement_text(get, 0));
	if (more < 0)
		return -1;
	statement_reset(get);
	if (count > 0 && store_begin(copies->ledger->store, err) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (remove_one(copies, found[i], err) < 0)
			return -1;
		memcpy(copies->cursor, found[i], sizeof(copies->cursor));
	}
	return count;
}

static int sweep_contained(struct copies *copies, struct err *err)
{
	struct statement *get = store_statement(copies->ledger->store,
						"SELECT sha256 FROM snapshot INDEXED BY snapshot_contained"
						" WHERE contained_in IS NOT NULL AND kept = 1",
						err);
	int count = remove_found(copies, get, err);

	copies->has_contained = count == REMOVALS;
	return count < 0 ? -1 : 1;
}

/* What the working set consists of is looked at by people, whatever its age. */
static int sweep_old(struct copies *copies, struct err *err)
{
	struct statement *get = store_statement(
		copies->ledger->store,
		"SELECT n.sha256 FROM snapshot n WHERE n.kept = 1 AND n.read_s < ?1 AND n.sha256 > ?2"
		" AND n.sha256 NOT IN (SELECT s.sha256 FROM working_set w JOIN source s ON s.id = w.source_id)"
		" ORDER BY n.sha256",
		err);
	int count;

	if (!get)
		return -1;
	statement_bind_int(get, 1, copies->swept_s - copies->keep_s);
	statement_bind_text(get, 2, copies->cursor);
	count = remove_found(copies, get, err);
	if (count > 0)
		log_info("old copies of files removed count=%d", count);
	copies->is_sweeping = count == REMOVALS;
	return count < 0 ? -1 : copies->is_sweeping;
}

int copies_sweep(struct copies *copies, struct err *err)
{
	int64_t now_s = clock_wall_ms() / 1000;

	if (copies->has_contained)
		return sweep_contained(copies, err);
	if (copies->keep_s > 0 && !copies->is_sweeping &&
	    (now_s - copies->swept_s >= DAY_S || now_s < copies->swept_s)) {
		copies->is_sweeping = true;
		copies->swept_s = now_s;
		copies->cursor[0] = '\0';
	}
	return copies->is_sweeping ? sweep_old(copies, err) : 0;
}
