/* SPDX-License-Identifier: MIT */
#include "migration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migration_rule.h"
#include "suggest.h"
#include "utf8.h"

#define KEYS_MAX 1000
#define NAME_SHOWN_MAX 80
/* In the order of ngmt.conf(5). */
static const char *const sections[] = { "aws", "nodegame", "fields", "import", "limits", "queue", "defaults" };

char *migration_root(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	char *folder = strndup(path, len);
	char *last = folder ? strrchr(folder, '/') : NULL;

	if (last && strcmp(last, "/conf") == 0)
		*last = '\0';
	if (folder && !folder[0]) {
		free(folder);
		folder = strdup("/");
	}
	return folder;
}

static const struct migration_key *find_key(const char *name)
{
	const struct migration_key *key;

	for (size_t i = 0; (key = migration_key_at(i)) != NULL; i++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

static struct migration_item *add_item(struct migration *migration, const char *name)
{
	struct migration_item *item = &migration->items[migration->count];

	item->name = utf8_printable(name);
	if (!item->name)
		return NULL;
	item->name[utf8_cut(item->name, NAME_SHOWN_MAX)] = '\0';
	migration->count++;
	return item;
}

static int add_unknown(struct migration *migration, const char *name)
{
	struct migration_item *item = add_item(migration, name);
	const struct migration_key *key;
	struct suggest near;

	if (!item)
		return -1;
	item->state = MIGRATION_LEFT;
	if (asprintf(&item->why, "nodegame-mturk has no such setting") < 0)
		item->why = NULL;
	suggest_init(&near, name);
	for (size_t i = 0; (key = migration_key_at(i)) != NULL; i++)
		suggest_offer(&near, key->name);
	if (near.best && asprintf(&item->hint, "did you mean \"%s\"?", near.best) < 0)
		item->hint = NULL;
	return 0;
}

/* Two names of one option: the first one counts, and the other one is no news if it says the same. */
static void settle(struct migration *migration, struct migration_item *item)
{
	for (size_t i = 0; item->value && &migration->items[i] != item; i++) {
		const struct migration_item *first = &migration->items[i];

		if (!first->value || strcmp(first->key->section, item->key->section) != 0 ||
		    strcmp(first->key->key, item->key->key) != 0)
			continue;
		item->state = strcmp(first->value, item->value) == 0 ? MIGRATION_USUAL : MIGRATION_LEFT;
		explicit_bzero(item->value, strlen(item->value));
		free(item->value);
		item->value = NULL;
		if (asprintf(&item->why, "\"%s\" says %s", first->name,
			     item->state == MIGRATION_USUAL ? "the same" : "otherwise, and counts") < 0)
			item->why = NULL;
	}
}

static bool is_empty(const struct setting *setting)
{
	return strcmp(setting->type, "string") == 0 && setting->text[0] == '\0';
}

static int add_known(struct migration *migration, const struct migration_key *key, struct json_object *said,
		     const char *root)
{
	struct setting setting = { .type = "undefined", .text = "", .root = root };
	struct migration_item *item;

	(void)json_get_text(said, "type", &setting.type);
	(void)json_get_text(said, "text", &setting.text);
	(void)json_get_bool(said, "truthy", &setting.truthy);
	if (is_empty(&setting))
		return 0;
	item = add_item(migration, key->name);
	if (!item)
		return -1;
	item->key = key;
	migration_convert(item, &setting);
	settle(migration, item);
	return 0;
}

/* What was said about the key with this name; NULL: nothing. */
static struct json_object *find_said(struct json_object *keys, const char *name)
{
	size_t n = json_object_array_length(keys);

	for (size_t i = 0; i < n; i++) {
		const char *text;

		if (json_get_text(json_object_array_get_idx(keys, i), "name", &text) && strcmp(text, name) == 0)
			return json_object_array_get_idx(keys, i);
	}
	return NULL;
}

static int add_all(struct migration *migration, struct json_object *keys, const char *root)
{
	const struct migration_key *key;

	for (size_t i = 0; (key = migration_key_at(i)) != NULL; i++) {
		struct json_object *said = find_said(keys, key->name);

		if (said && add_known(migration, key, said, root) < 0)
			return -1;
	}
	for (size_t i = 0; i < json_object_array_length(keys); i++) {
		const char *name;

		if (json_get_text(json_object_array_get_idx(keys, i), "name", &name) && !find_key(name) &&
		    add_unknown(migration, name) < 0)
			return -1;
	}
	return 0;
}

static bool is_carried(const struct migration *migration, const char *section, const char *key)
{
	for (size_t i = 0; i < migration->count; i++)
		if (migration->items[i].value && strcmp(migration->items[i].key->section, section) == 0 &&
		    strcmp(migration->items[i].key->key, key) == 0)
			return true;
	return false;
}

int migration_init(struct migration *migration, struct json_object *said, const char *root, struct err *err)
{
	struct json_object *keys = json_get_array(said, "keys");
	size_t n = keys ? json_object_array_length(keys) : 0;

	*migration = (struct migration){ 0 };
	if (n == 0 || n > KEYS_MAX)
		return err_set(err, ERR_FORMAT, "there are %s settings in it", n ? "too many" : "no");
	migration->items = calloc(n, sizeof(*migration->items));
	if (!migration->items || add_all(migration, keys, root) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (!is_carried(migration, "aws", "sandbox"))
		migration->note = strdup("sandbox is not set: nodegame-mturk then works with real money, ngmtd in the "
					 "sandbox until it says [aws] sandbox = no");
	return 0;
}

static void forget(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void migration_finish(struct migration *migration)
{
	for (size_t i = 0; i < migration->count; i++) {
		free(migration->items[i].name);
		forget(migration->items[i].value);
		free(migration->items[i].why);
		free(migration->items[i].hint);
	}
	free(migration->items);
	free(migration->note);
	*migration = (struct migration){ 0 };
}

size_t migration_count(const struct migration *migration, enum migration_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < migration->count; i++)
		n += migration->items[i].state == state;
	return n;
}

static void write_item(FILE *out, const struct migration_item *item, bool with_secrets)
{
	(void)fprintf(out, "# %s%s%s\n", item->name, item->key->remark ? ": " : "",
		      item->key->remark ? item->key->remark : "");
	if (item->key->is_secret && !with_secrets)
		(void)fprintf(out, "#%s = (not printed)\n", item->key->key);
	else
		(void)fprintf(out, "%s = %s\n", item->key->key, item->value);
}

static void write_section(FILE *out, const struct migration *migration, const char *section, bool with_secrets)
{
	bool has_heading = false;

	for (size_t i = 0; i < migration->count; i++) {
		const struct migration_item *item = &migration->items[i];

		if (!item->value || strcmp(item->key->section, section) != 0)
			continue;
		if (!has_heading)
			(void)fprintf(out, "\n[%s]\n", section);
		has_heading = true;
		write_item(out, item, with_secrets);
	}
}

static const char *why_of(const struct migration_item *item)
{
	return item->why ? item->why : item->key && item->key->remark ? item->key->remark : "";
}

static void write_left(FILE *out, const struct migration *migration)
{
	if (migration->note)
		(void)fprintf(out, "\n# %s\n", migration->note);
	if (migration_count(migration, MIGRATION_LEFT))
		(void)fputs("\n# Not carried over:\n", out);
	for (size_t i = 0; i < migration->count; i++) {
		const struct migration_item *item = &migration->items[i];

		if (item->state == MIGRATION_LEFT)
			(void)fprintf(out, "#   %s: %s%s%s%s\n", item->name, why_of(item), item->hint ? " (" : "",
				      item->hint ? item->hint : "", item->hint ? ")" : "");
	}
}

char *migration_text(const struct migration *migration, const char *from, bool with_secrets)
{
	char *text = NULL, *shown = utf8_printable(from);
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out && shown) {
		(void)fprintf(out, "# Made from %s by ngmtctl migrate. What is not set here has its default;\n"
				   "# ngmt.conf(5) explains every option.\n", shown);
		for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
			write_section(out, migration, sections[i], with_secrets);
		write_left(out, migration);
	}
	if (out && fclose(out) != 0) {
		forget(text);
		text = NULL;
	}
	free(shown);
	return text;
}

static struct json_object *item_json(const struct migration_item *item)
{
	struct json_object *object = json_object_new_object();
	const struct migration_key *key = item->key;

	json_put_text(object, "name", item->name);
	json_put_text(object, "section", key ? key->section : NULL);
	json_put_text(object, "key", key ? key->key : NULL);
	if (key && item->state == MIGRATION_CARRIED) {
		json_put_text(object, "value", key->is_secret ? NULL : item->value);
		json_put_bool(object, "is_secret", key->is_secret);
		json_put_text(object, "remark", key->remark);
		return object;
	}
	json_put_text(object, "why", why_of(item));
	json_put_text(object, "hint", item->hint);
	return object;
}

struct json_object *migration_json(const struct migration *migration)
{
	static const char *const names[] = { [MIGRATION_CARRIED] = "understood",
					     [MIGRATION_USUAL] = "usual",
					     [MIGRATION_NOTHING] = "unneeded",
					     [MIGRATION_LEFT] = "left" };
	struct json_object *object = json_object_new_object(), *lists[sizeof(names) / sizeof(names[0])];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		lists[i] = json_object_new_array();
		json_put_value(object, names[i], lists[i]);
	}
	for (size_t i = 0; i < migration->count; i++)
		(void)json_object_array_add(lists[migration->items[i].state], item_json(&migration->items[i]));
	json_put_text(object, "note", migration->note);
	return object;
}
