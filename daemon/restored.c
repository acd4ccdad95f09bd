/* SPDX-License-Identifier: MIT */
#include "restored.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"

#define WHY_PLANNED "the ledger was restored: compared with the platform once more"
#define WHY_HELD                                                                                              \
	"the ledger was restored: this may have been sent since, and the platform cannot tell: resolve it"

/* Numbers of states, kinds and holds as in the .def files: planned 0, held 1, queued 2; notify 4, create-hit 5,
 * extend-hit 6; doubt 4. No list tells which request a message or a HIT came from. */
static const struct {
	const char *step, *move, *why;
} moves[] = {
	{ "INSERT INTO step (operation_id, at_s, state, why) SELECT id, ?1, 1, ?2 FROM operation"
	  " WHERE kind IN (4, 5, 6) AND (state = 0 OR state = 2) AND state < 6 AND state <> 1",
	  "UPDATE operation SET state = 1, hold = 4, hold_until_s = 0, doubtful = 1, changed_s = ?1, why = ?2"
	  " WHERE kind IN (4, 5, 6) AND (state = 0 OR state = 2) AND state < 6 AND state <> 1",
	  WHY_HELD },
	/* What was held may have been released and sent since: a second release must not send it again. */
	{ "INSERT INTO step (operation_id, at_s, state, why) SELECT id, ?1, 1, ?2 FROM operation"
	  " WHERE kind IN (4, 5, 6) AND state = 1 AND hold <> 4 AND doubtful = 0",
	  "UPDATE operation SET hold = 4, hold_until_s = 0, doubtful = 1, changed_s = ?1, why = ?2"
	  " WHERE kind IN (4, 5, 6) AND state = 1 AND hold <> 4 AND doubtful = 0",
	  WHY_HELD },
	{ "INSERT INTO step (operation_id, at_s, state, why) SELECT id, ?1, 0, ?2 FROM operation"
	  " WHERE state = 2 AND state < 6 AND state <> 1",
	  "UPDATE operation SET state = 0, changed_s = ?1, why = ?2 WHERE state = 2 AND state < 6 AND state <> 1",
	  WHY_PLANNED },
};

/* Whoever was to get one may have got it: 0 is open, 3 unknown (recipients.h). */
#define UNKNOWN_RECIPIENTS                                                             \
	"UPDATE recipient SET state = 3 WHERE state = 0 AND operation_id IN"         \
	" (SELECT id FROM operation WHERE kind = 4 AND state = 1 AND hold = 4 AND doubtful = 1)"

static int run(struct ledger *ledger, const char *sql, const char *why, struct err *err)
{
	struct statement *statement = store_statement(ledger->store, sql, err);

	if (!statement)
		return -1;
	statement_bind_int(statement, 1, clock_wall_ms() / 1000);
	statement_bind_text(statement, 2, why);
	return statement_run(statement, err);
}

int restored_prepare(struct ledger *ledger, struct err *err)
{
	if (ledger->restored != LEDGER_RESTORED)
		return 0;
	if (store_begin(ledger->store, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (run(ledger, moves[i].step, moves[i].why, err) < 0 ||
		    run(ledger, moves[i].move, moves[i].why, err) < 0)
			return -1;
	if (store_execute(ledger->store, UNKNOWN_RECIPIENTS, err) < 0)
		return -1;
	return ledger_set_restored(ledger, LEDGER_COMPARING, err);
}

int restored_finish(struct ledger *ledger, struct err *err)
{
	if (ledger->restored == LEDGER_AS_LEFT)
		return 0;
	log_info("the restored ledger agrees with the platform as far as it is open");
	return ledger_set_restored(ledger, LEDGER_AS_LEFT, err);
}

int comparison_add(struct comparison *comparison, int64_t id, struct err *err)
{
	if (comparison->count == comparison->capacity) {
		size_t capacity = comparison->capacity ? 2 * comparison->capacity : 64;
		int64_t *ids = reallocarray(comparison->ids, capacity, sizeof(*ids));

		if (!ids)
			return err_set(err, ERR_INTERNAL, "out of memory");
		comparison->ids = ids;
		comparison->capacity = capacity;
	}
	comparison->ids[comparison->count++] = id;
	comparison->left++;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	int64_t wanted = *(const int64_t *)a, here = *(const int64_t *)b;

	if (here < 0)
		here = -here;
	return wanted < here ? -1 : wanted > here;
}

bool comparison_done(struct comparison *comparison, int64_t id)
{
	int64_t *found = comparison->left
				 ? bsearch(&id, comparison->ids, comparison->count, sizeof(*comparison->ids), by_id)
				 : NULL;

	if (!found || *found < 0)
		return false;
	*found = -*found;
	return --comparison->left == 0;
}

void comparison_finish(struct comparison *comparison)
{
	free(comparison->ids);
	*comparison = (struct comparison){ 0 };
}
