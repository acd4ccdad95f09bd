/* SPDX-License-Identifier: MIT
 *
 * What hit_ini_read() takes has all that a HIT needs; what it refuses is refused in words.
 */
#include <stdint.h>
#include <stdlib.h>

#include "hit_ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const needed[] = { "title", "description", "reward_cents", "max_assignments", "lifetime_s",
					      "duration_s", "question" };
	struct err err = { 0 };
	struct json_object *hit = hit_ini_read((const char *)data, size, "fuzz", &err);

	if (!hit && (err.code != ERR_FORMAT || !err.message[0]))
		abort();
	for (size_t i = 0; hit && i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!json_has(hit, needed[i]))
			abort();
	json_object_put(hit);
	return 0;
}
