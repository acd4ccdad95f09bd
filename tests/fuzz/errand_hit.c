/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: the definition of a HIT, from somebody's bytes to what is recorded and sent. What is taken is
 * written in one way only, keeps every limit, and asks for money that can be reckoned.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errand_hit.h"
#include "errand_rounds.h"
#include "mturk.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* What the ledger keeps is read again before it is sent. */
static void check_text(const struct errand_hit *hit)
{
	char *text = errand_hit_text(hit, hit->max_assignments), *once_more;
	struct json_object *definition = json_parse(text, strlen(text), NULL);
	struct errand_hit again;
	struct err err;

	require(definition && errand_hit_read(&again, definition, NULL, &err) == 0, "what is written can be read");
	once_more = errand_hit_text(&again, again.max_assignments);
	require(strcmp(text, once_more) == 0, "there is one way to write it");
	free(once_more);
	free(text);
	errand_hit_finish(&again);
	json_object_put(definition);
}

static void check_money(const struct errand_hit *hit)
{
	static const struct platform_class class = { .small_hit_max = 9, .fee_minor = mturk_fee };
	struct errand_rounds rounds;
	struct errand_cost one, all;
	struct err err;

	errand_rounds_make(&rounds, hit->max_assignments, class.small_hit_max);
	require(errand_cost_make(&one, &class, OP_CREATE_HIT, hit->reward_minor, hit->max_assignments,
				 hit->max_assignments, &err) == 0 &&
			errand_rounds_cost(&all, &class, hit->reward_minor, &rounds, &err) == 0,
		"what is taken can be reckoned");
	require(one.amount_minor == all.amount_minor && one.amount_minor > 0, "rounds cost the same rewards");
	require(all.fee_minor <= one.fee_minor && all.fee_minor > 0, "rounds never cost more");
}

static void check_question(const struct errand_hit *hit)
{
	struct err err;
	char *xml = mturk_hit_question(json_get_object(hit->definition, "question"), &err);

	require(!xml || (strlen(xml) <= 65535 && utf8_first_invalid(xml, strlen(xml)) == strlen(xml)), "the question");
	require(xml || err.message[0], "a question that cannot be asked has a reason");
	free(xml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *definition = json_parse((const char *)data, size, NULL);
	struct errand_hit hit;
	struct err err = { 0 };

	if (!json_object_is_type(definition, json_type_object)) {
		json_object_put(definition);
		return 0;
	}
	if (errand_hit_read(&hit, definition, "3NGMTQUALTYPE00001", &err) == 0) {
		require(hit.title && utf8_length(hit.title) <= 128, "the title");
		check_text(&hit);
		check_money(&hit);
		check_question(&hit);
		errand_hit_finish(&hit);
	} else {
		require(err.message[0] && !hit.definition, "what is refused has a reason");
	}
	json_object_put(definition);
	return 0;
}
