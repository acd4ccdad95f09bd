/* SPDX-License-Identifier: MIT
 *
 * Surveys: bringing the ledger's copy of the platform's facts up to date, in bulk. A survey of a HIT reads the HIT, all
 * its assignments and all bonuses paid for it; one of an assignment reads it alone (and so learns its HIT). Surveys of
 * the same subject are made once for all who ask.
 */
#ifndef NGMT_SURVEY_H
#define NGMT_SURVEY_H

#include "ledger.h"
#include "reader.h"
#include "verify.h"

struct surveys;

/* `err` NULL: the facts are in the ledger. Runs exactly once, from the loop, never inside the call that asked. */
typedef void survey_done_fn(void *arg, const struct err *err);

struct surveys *surveys_new(struct ledger *ledger, struct reader *reader, struct err *err);
void surveys_free(struct surveys *surveys);

/* What must be surveyed before `op` can be verified on facts that were read at `since_ms` or later, or at
 * `waiting_since_ms` if the facts say that it must be waited for. Moments, not ages: who asks again and again with the
 * same ones comes to an end. The subject is copied out. */
enum survey_need { SURVEY_NOTHING, SURVEY_HIT, SURVEY_ASSIGNMENT };
enum survey_need surveys_need(const struct surveys *surveys, const struct op *op, const struct verify_facts *facts,
			      int64_t since_ms, int64_t waiting_since_ms, char subject[ID_TEXT_MAX]);
/* Whether a survey of the subject is out: what it has read already may be older than the moment of asking. */
bool surveys_is_under_way(const struct surveys *surveys, const char *subject);
/* From now on surveys that began before this moment count as none: somebody may have paid by other means while they
 * were read. */
void surveys_distrust(struct surveys *surveys, int64_t before_ms);
/* Asks for a survey; joins one that is under way. */
int surveys_ask(struct surveys *surveys, enum survey_need need, const char *subject, survey_done_fn *done, void *arg,
		struct err *err);

#endif
