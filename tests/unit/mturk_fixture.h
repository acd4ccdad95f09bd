/* SPDX-License-Identifier: MIT
 *
 * A platform that speaks MTurk, with keys from the configuration and no network. Include after <cmocka.h>.
 */
#ifndef NGMT_MTURK_FIXTURE_H
#define NGMT_MTURK_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "mturk.h"

#define KEY_ID "AKIDNGMTEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define W1 "A1NGMT0000001X"
#define W2 "A1NGMT0000002X"
#define A1 "3NGMTASG00001"
#define H1 "3NGMTHIT00001"
#define TOKEN "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRST"

struct mturk_fixture {
	struct config config;
	struct platform *platform;
};

static inline struct platform *mturk_fixture_make(struct config *config, char *session_token)
{
	static char region[] = "us-east-1", url[] = "http://127.0.0.1:8080/mturk", key_id[] = KEY_ID, secret[] = SECRET;
	struct platform *platform;
	struct err err;

	*config = (struct config){ .region = region,
				   .endpoint = url,
				   .sandbox = true,
				   .access_key_id = key_id,
				   .secret_access_key = secret,
				   .session_token = session_token };
	platform = mturk_new(config, &err);
	if (!platform)
		fail_msg("%s", err.message);
	return platform;
}

static inline int mturk_set_up(void **state)
{
	struct mturk_fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->platform = mturk_fixture_make(&fixture->config, NULL);
	*state = fixture;
	return 0;
}

static inline int mturk_tear_down(void **state)
{
	struct mturk_fixture *fixture = *state;

	fixture->platform->class->free(fixture->platform);
	free(fixture);
	return 0;
}

static inline struct http_answer mturk_answer(int status, const char *body)
{
	return (struct http_answer){ .outcome = HTTP_ANSWERED,
				     .status = status,
				     .body = body,
				     .body_bytes = strlen(body),
				     .date = "",
				     .request_id = "",
				     .error_type = "",
				     .query_error = "",
				     .error = "" };
}

static inline struct op mturk_sample_op(enum op_kind kind)
{
	static char assignment[] = A1, worker[] = W1, hit[] = H1, token[] = TOKEN, text[] = "Thank you",
		    type[] = "3NGMTQUAL1", purpose[] = "bonus";

	return (struct op){ .id = 1,
			    .kind = kind,
			    .state = OP_SENDING,
			    .assignment_id = assignment,
			    .worker_id = worker,
			    .hit_id = hit,
			    .token = token,
			    .text = text,
			    .purpose = purpose,
			    .qualification_type_id = type,
			    .integer_value = 7,
			    .amount_minor = kind == OP_BONUS ? 150 : 0 };
}

#define MTURK_TEST(name) cmocka_unit_test_setup_teardown(name, mturk_set_up, mturk_tear_down)

#endif
