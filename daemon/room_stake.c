/* SPDX-License-Identifier: MIT
 *
 * What adopting a room would send.
 */
#include <stdlib.h>

#include "results.h"
#include "room_book.h"

/* Also those that wait to be joined (joined.h): adopted rooms are joined, and then they are sent. */
#define APPROVED_ROWS                                                                                        \
	"WITH r AS (SELECT r.* FROM source s JOIN result r ON r.source_id = s.id AND r.current = 1"         \
	" AND (r.verdict = 0 AND r.assignment_id IS NOT NULL AND r.worker_id IS NOT NULL"                   \
	"  OR (r.join_state = 1 OR r.join_state = 3) AND r.join_verdict = 0)"                               \
	" WHERE s.room_id = ?1 AND s.ready = 1) "
#define KEY_OF(key) "coalesce(" key ", 'row ' || r.id)"

static int count_rows(struct ledger *ledger, int64_t room_id, struct room_stake *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT count(*), coalesce(sum(r.verdict = 2), 0) FROM source s JOIN result r ON r.source_id = s.id"
		" AND r.current = 1 WHERE s.room_id = ?1 AND s.ready = 1",
		err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, room_id);
	if (statement_step(get, err) != 1)
		return -1;
	out->rows = statement_int(get, 0);
	out->held = statement_int(get, 1);
	statement_reset(get);
	return 0;
}

static int count_approvals(struct ledger *ledger, int64_t room_id, struct room_stake *out, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				APPROVED_ROWS "SELECT count(*) FROM (SELECT DISTINCT " KEY_OF(STANDING_DECISION_KEY)
					      " AS key FROM r) k"
					      " WHERE NOT EXISTS (SELECT 1 FROM operation o WHERE o.key = k.key)",
				err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, room_id);
	return statement_number(get, &out->approvals, err);
}

/* By amount, since the fee of each is rounded by itself. Two amounts for one bonus are a conflict: neither is sent. */
static int count_bonuses(struct ledger *ledger, int64_t room_id,
			 int64_t (*fee_minor)(enum op_kind kind, int64_t amount_minor, int64_t max_assignments),
			 struct room_stake *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		APPROVED_ROWS "SELECT cents, count(*) FROM (SELECT " KEY_OF(STANDING_BONUS_KEY)
			      " AS key, min(r.bonus_cents) AS cents FROM r WHERE r.bonus_payable = 1"
			      " GROUP BY key HAVING min(r.bonus_cents) = max(r.bonus_cents)) k"
			      " WHERE NOT EXISTS (SELECT 1 FROM operation o WHERE o.key = k.key) GROUP BY cents",
		err);
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, room_id);
	while ((more = statement_step(get, err)) == 1) {
		int64_t cents = statement_int(get, 0), count = statement_int(get, 1);

		out->bonuses += count;
		out->amount_minor += count * cents;
		out->fee_minor += count * fee_minor(OP_BONUS, cents, 0);
	}
	return more;
}

int room_book_stake(struct ledger *ledger, int64_t room_id, enum policy policy,
		    int64_t (*fee_minor)(enum op_kind kind, int64_t amount_minor, int64_t max_assignments),
		    struct room_stake *out, struct err *err)
{
	*out = (struct room_stake){ 0 };
	if (count_rows(ledger, room_id, out, err) < 0 ||
	    (policy >= POLICY_APPROVE && count_approvals(ledger, room_id, out, err) < 0) ||
	    (policy >= POLICY_PAY && count_bonuses(ledger, room_id, fee_minor, out, err) < 0))
		return -1;
	return 0;
}

int64_t room_book_waiting(struct ledger *ledger, const char *game, int64_t limit, int64_t **ids, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT r.id FROM room r JOIN folder f ON f.id = r.folder_id"
						" WHERE r.adopted = 0 AND r.ignored = 0 AND f.watched = 2"
						" AND f.policy > 0 AND (?1 IS NULL OR ?1 IN (f.game, f.path))"
						" ORDER BY f.id, length(r.name), r.name LIMIT ?2",
						err);
	int64_t count = 0;
	int more;

	*ids = get ? calloc((size_t)limit, sizeof(**ids)) : NULL;
	if (!*ids)
		return get ? err_set(err, ERR_INTERNAL, "out of memory") : -1;
	statement_bind_text(get, 1, game);
	statement_bind_int(get, 2, limit);
	while ((more = statement_step(get, err)) == 1 && count < limit)
		(*ids)[count++] = statement_int(get, 0);
	if (more == 0)
		return count;
	free(*ids);
	*ids = NULL;
	return -1;
}
