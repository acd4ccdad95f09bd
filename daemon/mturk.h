/* SPDX-License-Identifier: MIT
 *
 * Amazon Mechanical Turk behind the platform interface (Requester API 2017-01-17). Everything that is MTurk's lives in
 * the files mturk*.c: names of operations and members (mturk_write.c), error codes (mturk_errors.def, mturk_judge.c),
 * shapes of answers (mturk_read.c), what workers submitted (mturk_answer.c), notifications (mturk_notify.c),
 * definitions of HITs (mturk_hit.c), what no assignment is part of (mturk_errand.c), fees and the 24-hour tokens
 * (mturk.c), signing and clock skew (mturk_session.c).
 */
#ifndef NGMT_MTURK_H
#define NGMT_MTURK_H

#include "config.h"
#include "credentials.h"
#include "endpoint.h"
#include "json.h"
#include "platform.h"
#include "sigv4.h"

/* Tokens are remembered by MTurk for 24 hours (developer guide, "Use request tokens"); ours count as gone an hour
 * earlier. */
#define MTURK_TOKEN_LIFE_S (INT64_C(23) * 3600)

struct mturk {
	struct platform platform;
	const struct config *config;
	struct endpoint endpoint;
	struct credentials credentials;
	struct sigv4_key key;
	int64_t skew_s; /* the server's clock minus ours, from the Date header */
	/* The last Date and when it came by the monotonic clock; 0: none yet. So a step of our clock changes no token's
	 * age. */
	int64_t date_s;
	int64_t date_mono_ms;
};

/* Resolves the endpoint; keys may be missing still (requests then fail with ERR_CREDENTIALS). `config` is borrowed.
 * Freed through platform->class->free. NULL with ERR_CONFIG or ERR_CREDENTIALS. */
struct platform *mturk_new(const struct config *config, struct err *err);
const struct endpoint *mturk_endpoint(const struct platform *platform);

/* The rest is shared by the mturk*.c files only. */

/* Signs `body` for the API operation `target` and takes the body over, whatever it returns. */
int mturk_sign(struct mturk *mturk, const char *target, char *body, struct platform_request *out, struct err *err);
/* Learns the clock skew from an answer. */
void mturk_observe(struct mturk *mturk, const struct http_answer *answer);

int mturk_write(struct platform *platform, const struct op *op, struct platform_request *out, struct err *err);
int mturk_write_read_back(struct platform *platform, const struct op *op, struct platform_request *out,
			  struct err *err);
int mturk_write_read(struct platform *platform, const struct read *read, struct platform_request *out,
		     struct err *err);

void mturk_judge(struct platform *platform, const struct op *op, const struct http_answer *answer,
		 struct judgement *out);
void mturk_judge_read_back(struct platform *platform, const struct op *op, int64_t twins,
			   const struct http_answer *answer, struct judgement *out);
void mturk_judge_read(struct platform *platform, const struct read *read, const struct http_answer *answer,
		      const struct read_sink *sink, struct judgement *out);

/* CreateHIT: the members of the request, from the definition in op->text. NULL with ERR_PLATFORM: it cannot be
 * expressed, or would not cost what op says. */
struct json_object *mturk_hit_members(struct mturk *mturk, const struct op *op, struct err *err);
/* The XML of a definition's question: {"url" or "html", "frame_height"} or {"xml"}. The caller frees; NULL with
 * ERR_PLATFORM: it has none, or one that MTurk cannot take. */
char *mturk_hit_question(struct json_object *question, struct err *err);

/* The members of other requests that no assignment is part of. NULL with ERR_PLATFORM. */
struct json_object *mturk_extend_members(struct mturk *mturk, const struct op *op, struct err *err);
struct json_object *mturk_expire_members(struct mturk *mturk, const struct op *op, struct err *err);
struct json_object *mturk_hit_id_members(struct mturk *mturk, const struct op *op, struct err *err);
struct json_object *mturk_type_members(struct mturk *mturk, const struct op *op, struct err *err);
struct json_object *mturk_worker_members(struct mturk *mturk, const struct op *op, struct err *err);
/* ListQualificationTypes, to find our own of this name. */
struct json_object *mturk_types_named_members(const struct op *op);

/* What an answer to such a request means beyond mturk_judge_answer(), whose judgement `out` has. False: it is another
 * kind of request. */
bool mturk_judge_errand(const struct op *op, const struct http_answer *answer, struct json_object *body,
			struct judgement *out);
/* Of the answer to mturk_write_read_back(). */
void mturk_judge_errand_read_back(const struct mturk *mturk, const struct op *op, struct json_object *body,
				  struct judgement *out);

/* NotifyWorkers: the members of the request, and what an answer to it means beyond mturk_judge_answer(), whose
 * judgement `out` has. */
struct json_object *mturk_notify_members(const struct op *op);
void mturk_judge_notified(const struct op *op, struct json_object *body, struct judgement *out);
void mturk_each_refusal(const struct http_answer *answer, platform_refusal_fn *fn, void *arg);

/* Judges everything that holds for any call. On JUDGED_DONE, *body is the parsed object (new reference); an empty
 * body proves nothing. */
void mturk_judge_answer(struct mturk *mturk, const struct http_answer *answer, struct json_object **body,
			struct judgement *out);

/* Fills in the judgement; the text is cut if need be. */
void mturk_say(struct judgement *out, enum judged verdict, const char *outcome, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Members of MTurk's answers: status words, timestamps (numbers, perhaps fractional), money (text). False if absent or
 * odd. */
bool mturk_get_status(struct json_object *assignment, enum assignment_status *out);
bool mturk_get_time(struct json_object *object, const char *key, int64_t *out);
bool mturk_get_money(struct json_object *object, const char *key, int64_t *out);
bool mturk_get_bonus(struct json_object *payment, struct bonus_payment *out);

/* The codes that a worker submitted, from the XML of a member Answer (schema QuestionFormAnswers of 2005-10-01): the
 * free texts whose QuestionIdentifier contains "code"; if nothing is called so and there is exactly one free text,
 * that. Without the blanks around them, cut at CODE_BYTES_MAX, at most 20. A new array of texts, never empty; NULL:
 * none, or not such XML. */
struct json_object *mturk_read_codes(const char *xml);

/* MTurk's fee (pricing page since 2015-07-21): 20 % of rewards and bonuses, at least a cent each; another 20 % of the
 * reward for HITs of ten and more assignments; half a cent rounds up. Of an approval or a HIT: of one reward. */
int64_t mturk_fee(enum op_kind kind, int64_t amount_minor, int64_t max_assignments);

#endif
