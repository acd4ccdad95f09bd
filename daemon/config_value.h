/* SPDX-License-Identifier: MIT
 *
 * What the types of options mean: from text to the member of struct config, strictly, and back to JSON. Used by
 * config*.c only.
 */
#ifndef NGMT_CONFIG_VALUE_H
#define NGMT_CONFIG_VALUE_H

#include "config_option.h"
#include "err.h"
#include "json.h"

#define CONFIG_RANGE_MAX 96

/* Sets the member from text (a list: appends to it). Relative paths begin at `folder`. -1 with ERR_CONFIG; the member
 * then keeps its value. Secrets are never quoted. */
int config_value_set(struct config *config, const struct config_option *option, const char *text, const char *folder,
		      struct err *err);

/* Frees the member, secrets overwritten, and leaves it NULL, false, 0 or empty. */
void config_value_clear(struct config *config, const struct config_option *option);

/* The value as JSON: money and durations as a file would have them; secrets "(set)" or null. New reference. */
struct json_object *config_value_json(const struct config *config, const struct config_option *option);

const char *config_type_name(enum config_type type);

/* "0 to 1h", "1 to 64 characters", "auto , ;"; "" where every value goes. Returns `out`. */
const char *config_value_range(const struct config_option *option, char out[CONFIG_RANGE_MAX]);

#endif
