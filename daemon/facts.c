/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

const char *assignment_status_name(enum assignment_status status)
{
	static const char *const names[] = {
		[ASSIGNMENT_NONE] = "unknown",	 [ASSIGNMENT_NOT_SUBMITTED] = "not submitted",
		[ASSIGNMENT_SUBMITTED] = "submitted", [ASSIGNMENT_APPROVED] = "approved",
		[ASSIGNMENT_REJECTED] = "rejected",
	};

	return (unsigned)status < sizeof(names) / sizeof(names[0]) ? names[status] : "?";
}

static struct statement *writer(struct ledger *ledger, const char *sql, struct err *err)
{
	return store_begin(ledger->store, err) < 0 ? NULL : store_statement(ledger->store, sql, err);
}

int facts_put_hit(struct ledger *ledger, const struct hit *hit, struct err *err)
{
	struct statement *put = writer(ledger,
				       "INSERT OR REPLACE INTO hit_fact (hit_id, known, title, reward_minor,"
				       " max_assignments, seen_s, created_s, expires_s)"
				       " VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7)",
				       err);

	if (!put)
		return -1;
	statement_bind_text(put, 1, hit->hit_id);
	statement_bind_text(put, 2, hit->title);
	statement_bind_int(put, 3, hit->reward_minor);
	statement_bind_int(put, 4, hit->max_assignments);
	statement_bind_int(put, 5, clock_wall_ms() / 1000);
	statement_bind_int(put, 6, hit->created_s);
	if (hit->expires_s)
		statement_bind_int(put, 7, hit->expires_s);
	return statement_run(put, err);
}

int facts_put_missing_hit(struct ledger *ledger, const char *hit_id, struct err *err)
{
	struct statement *put = writer(
		ledger, "INSERT OR REPLACE INTO hit_fact (hit_id, known, seen_s) VALUES (?1, 0, ?2)", err);

	if (!put)
		return -1;
	statement_bind_text(put, 1, hit_id);
	statement_bind_int(put, 2, clock_wall_ms() / 1000);
	return statement_run(put, err);
}

int facts_put_assignment(struct ledger *ledger, const struct assignment *assignment, struct err *err)
{
	struct statement *put = writer(ledger,
				       "INSERT OR REPLACE INTO assignment_fact (assignment_id, status, hit_id,"
				       " worker_id, auto_approval_s, seen_s, approved_s, codes, submitted_s, decided)"
				       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
				       err);

	if (!put)
		return -1;
	statement_bind_text(put, 1, assignment->assignment_id);
	statement_bind_int(put, 2, assignment->status);
	statement_bind_text(put, 3, assignment->hit_id);
	statement_bind_text(put, 4, assignment->worker_id);
	statement_bind_int(put, 5, assignment->auto_approval_s);
	statement_bind_int(put, 6, clock_wall_ms() / 1000);
	statement_bind_int(put, 7, assignment->approved_s);
	statement_bind_text(put, 8, assignment->codes);
	if (assignment->submitted_s)
		statement_bind_int(put, 9, assignment->submitted_s);
	statement_bind_int(put, 10, assignment->status > ASSIGNMENT_SUBMITTED ? assignment->status : 0);
	return statement_run(put, err);
}

int facts_put_type(struct ledger *ledger, const struct qualification_type *type, struct err *err)
{
	struct statement *put = writer(ledger,
				       "INSERT OR REPLACE INTO type_fact (qualification_type_id, name, created_s)"
				       " VALUES (?1, ?2, ?3)",
				       err);

	if (!put)
		return -1;
	statement_bind_text(put, 1, type->qualification_type_id);
	statement_bind_text(put, 2, type->name);
	statement_bind_int(put, 3, type->created_s);
	return statement_run(put, err);
}

int facts_new_survey(struct ledger *ledger, int64_t *survey, struct err *err)
{
	struct statement *count = writer(ledger,
					 "INSERT INTO meta (key, value) VALUES ('surveys', '1')"
					 " ON CONFLICT DO UPDATE SET value = CAST(value AS INTEGER) + 1",
					 err);
	char *number;

	if (!count || statement_run(count, err) < 0)
		return -1;
	number = ledger_get_meta(ledger, "surveys");
	if (!number)
		return err_set(err, ERR_LEDGER, "cannot read the number of the survey");
	*survey = strtoll(number, NULL, 10);
	free(number);
	return 0;
}

int facts_end_survey(struct ledger *ledger, const char *hit_id, int64_t survey, struct err *err)
{
	struct statement *clear = writer(ledger,
					 "DELETE FROM bonus_fact WHERE nth > 0 AND survey < ?1 AND assignment_id IN"
					 " (SELECT assignment_id FROM assignment_fact WHERE hit_id = ?2)",
					 err);

	if (!clear)
		return -1;
	statement_bind_int(clear, 1, survey);
	statement_bind_text(clear, 2, hit_id);
	return statement_run(clear, err);
}

int facts_put_bonus(struct ledger *ledger, const struct bonus_payment *bonus, int64_t survey, struct err *err)
{
	struct statement *put = writer(ledger,
				       "INSERT OR REPLACE INTO bonus_fact (assignment_id, worker_id, granted_s,"
				       " amount_minor, nth, reason, survey, seen_s)"
				       " SELECT ?1, ?2, ?3, ?4, count(*), ?5, ?6, ?7 FROM bonus_fact"
				       " WHERE assignment_id = ?1 AND worker_id = ?2 AND granted_s = ?3"
				       " AND amount_minor = ?4 AND survey = ?6",
				       err);

	if (!put)
		return -1;
	statement_bind_text(put, 1, bonus->assignment_id);
	statement_bind_text(put, 2, bonus->worker_id);
	statement_bind_int(put, 3, bonus->granted_s);
	statement_bind_int(put, 4, bonus->amount_minor);
	statement_bind_text(put, 5, bonus->reason);
	statement_bind_int(put, 6, survey);
	statement_bind_int(put, 7, clock_wall_ms() / 1000);
	return statement_run(put, err);
}

static void copy_id(char out[ID_TEXT_MAX], const char *id)
{
	(void)snprintf(out, ID_TEXT_MAX, "%s", id ? id : "");
}

int facts_get_assignment(struct ledger *ledger, const char *assignment_id, struct assignment_fact *out,
			 struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT status, hit_id, worker_id, auto_approval_s,"
						" approved_s, codes IS NOT NULL"
						" FROM assignment_fact WHERE assignment_id = ?1",
						err);
	int found;

	if (!get)
		return -1;
	statement_bind_text(get, 1, assignment_id);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	out->status = (enum assignment_status)statement_int(get, 0);
	copy_id(out->hit_id, statement_text(get, 1));
	copy_id(out->worker_id, statement_text(get, 2));
	out->auto_approval_s = statement_int(get, 3);
	out->approved_s = statement_int(get, 4);
	out->has_codes = statement_int(get, 5) != 0;
	statement_reset(get);
	return 1;
}

int facts_get_codes(struct ledger *ledger, const char *assignment_id, char **out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store, "SELECT codes FROM assignment_fact WHERE assignment_id = ?1", err);
	const char *codes;
	int found;

	*out = NULL;
	if (!get)
		return -1;
	statement_bind_text(get, 1, assignment_id);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	codes = statement_text(get, 0);
	*out = codes ? strdup(codes) : NULL;
	if (codes && !*out)
		found = err_set(err, ERR_INTERNAL, "out of memory");
	statement_reset(get);
	return found;
}

int facts_get_hit(struct ledger *ledger, const char *hit_id, struct hit_fact *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store, "SELECT known, reward_minor, max_assignments FROM hit_fact WHERE hit_id = ?1", err);
	int found;

	if (!get)
		return -1;
	statement_bind_text(get, 1, hit_id);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	out->known = statement_int(get, 0) != 0;
	out->reward_minor = statement_int(get, 1);
	out->max_assignments = statement_int(get, 2);
	statement_reset(get);
	return 1;
}

int facts_get_bonuses(struct ledger *ledger, const struct bonus_payment *like, struct bonus_fact *out,
		      struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT amount_minor, granted_s,"
						" coalesce(amount_minor = ?3 AND reason = ?4, 0) FROM bonus_fact"
						" WHERE assignment_id = ?1 AND worker_id = ?2 ORDER BY granted_s",
						err);
	int more;

	*out = (struct bonus_fact){ 0 };
	if (!get)
		return -1;
	statement_bind_text(get, 1, like->assignment_id);
	statement_bind_text(get, 2, like->worker_id);
	statement_bind_int(get, 3, like->amount_minor);
	statement_bind_text(get, 4, like->reason);
	while ((more = statement_step(get, err)) == 1) {
		out->count++;
		out->last_amount_minor = statement_int(get, 0);
		out->last_granted_s = statement_int(get, 1);
		out->alike += statement_int(get, 2);
	}
	return more;
}
