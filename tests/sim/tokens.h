/* SPDX-License-Identifier: MIT
 *
 * The memory of UniqueRequestToken: an operation's token is known for 24 hours and then, like the real one's,
 * forgotten: after that the same request pays again.
 */
#ifndef SIM_TOKENS_H
#define SIM_TOKENS_H

#include <stdint.h>

#include "json.h"

#define TOKENS_WINDOW_MS (INT64_C(24) * 3600 * 1000)

struct tokens;
struct tokens *tokens_new(void);
void tokens_free(struct tokens *tokens);

/* What was remembered with the token (a HIT's id, or ""), borrowed; NULL if it is unknown or older than 24 hours. */
const char *tokens_find(struct tokens *tokens, const char *operation, const char *token, int64_t now_ms);

/* Starts the 24 hours; a token that is known already starts anew. -1 if memory runs out. */
int tokens_remember(struct tokens *tokens, const char *operation, const char *token, const char *reference,
		    int64_t now_ms);

/* [{operation, token, reference, at_ms}], oldest first; the caller puts it. And back: -1 if it is not such a list. */
struct json_object *tokens_json(const struct tokens *tokens);
int tokens_load(struct tokens *tokens, struct json_object *list);

#endif
