/* SPDX-License-Identifier: MIT */
#include "tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct token {
	char *key; /* "operation token" */
	char *reference;
	int64_t at_ms;
};

struct tokens {
	struct lh_table *table; /* in the order of remembering, so the oldest are in front */
};

static void token_free(struct token *token)
{
	free(token->key);
	free(token->reference);
	free(token);
}

static void on_forget(struct lh_entry *entry)
{
	token_free(lh_entry_v(entry));
}

struct tokens *tokens_new(void)
{
	struct tokens *tokens = calloc(1, sizeof(*tokens));

	if (!tokens)
		return NULL;
	tokens->table = lh_kchar_table_new(64, on_forget);
	if (tokens->table)
		return tokens;
	free(tokens);
	return NULL;
}

void tokens_free(struct tokens *tokens)
{
	if (!tokens)
		return;
	lh_table_free(tokens->table);
	free(tokens);
}

static void forget_old(struct tokens *tokens, int64_t now_ms)
{
	for (struct lh_entry *entry = lh_table_head(tokens->table); entry; entry = lh_table_head(tokens->table)) {
		const struct token *oldest = lh_entry_v(entry);

		if (now_ms - oldest->at_ms < TOKENS_WINDOW_MS)
			return;
		(void)lh_table_delete_entry(tokens->table, entry);
	}
}

const char *tokens_find(struct tokens *tokens, const char *operation, const char *token, int64_t now_ms)
{
	const char *reference = NULL;
	void *found = NULL;
	char *key = NULL;

	forget_old(tokens, now_ms);
	if (asprintf(&key, "%s %s", operation, token) < 0)
		return NULL;
	if (lh_table_lookup_ex(tokens->table, key, &found))
		reference = ((const struct token *)found)->reference;
	free(key);
	return reference;
}

int tokens_remember(struct tokens *tokens, const char *operation, const char *token, const char *reference,
		    int64_t now_ms)
{
	struct token *item = calloc(1, sizeof(*item));

	if (!item)
		return -1;
	if (asprintf(&item->key, "%s %s", operation, token) < 0)
		item->key = NULL;
	item->reference = strdup(reference);
	item->at_ms = now_ms;
	if (item->key)
		(void)lh_table_delete(tokens->table, item->key);
	if (item->key && item->reference && lh_table_insert(tokens->table, item->key, item) == 0)
		return 0;
	token_free(item);
	return -1;
}

struct json_object *tokens_json(const struct tokens *tokens)
{
	struct json_object *list = json_object_new_array();
	struct lh_entry *entry;

	lh_foreach(tokens->table, entry)
	{
		const struct token *token = lh_entry_v(entry);
		struct json_object *item = json_object_new_object();
		const char *blank = strchr(token->key, ' ');

		json_put_value(item, "operation",
			       json_object_new_string_len(token->key, (int)(blank - token->key)));
		json_put_text(item, "token", blank + 1);
		json_put_text(item, "reference", token->reference);
		json_put_int(item, "at_ms", token->at_ms);
		(void)json_object_array_add(list, item);
	}
	return list;
}

int tokens_load(struct tokens *tokens, struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		const char *operation, *token, *reference;
		int64_t at_ms;

		if (!json_get_text(item, "operation", &operation) || strchr(operation, ' ') ||
		    !json_get_text(item, "token", &token) || !json_get_text(item, "reference", &reference) ||
		    !json_get_int(item, "at_ms", &at_ms) ||
		    tokens_remember(tokens, operation, token, reference, at_ms) < 0)
			return -1;
	}
	return 0;
}
