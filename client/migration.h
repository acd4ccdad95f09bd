/* SPDX-License-Identifier: MIT
 *
 * What becomes of the settings of a mturk.conf.js: each key of nodegame-mturk (migrate_keys.def) is carried over to an
 * option of ngmt.conf(5), in its units, or it is said why not. Pure: reads no file and prints nothing.
 */
#ifndef NGMT_MIGRATION_H
#define NGMT_MIGRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "json.h"

enum migration_state {
	MIGRATION_CARRIED, /* there is a line for it in the new file */
	MIGRATION_USUAL,   /* needs no line: it is so anyway */
	MIGRATION_NOTHING, /* has no equivalent, and needs none */
	MIGRATION_LEFT,    /* a person must look at it */
};

struct migration_key {
	const char *name; /* in mturk.conf.js; "fields.bonus" is bonus within fields */
	const char *section; /* NULL: there is no such option here */
	const char *key;
	const char *remark; /* one clause, or NULL */
	bool is_secret;     /* its value is never shown */
};

/* The table, in its order; NULL after the last one. */
const struct migration_key *migration_key_at(size_t index);

struct migration_item {
	char *name; /* safe for a terminal */
	const struct migration_key *key; /* NULL: nodegame-mturk has no such key */
	enum migration_state state;
	char *value; /* as ngmt.conf has it; NULL unless carried */
	char *why;   /* why it was not carried over; NULL: see the key's remark */
	char *hint;  /* what to do about it; may be NULL */
};

struct migration {
	struct migration_item *items; /* in the order of the table, then what is unknown */
	size_t count;
	char *note; /* about what is not set at all, or NULL */
};

/* What the script in migrate_node.c says: {"keys": [{"name", "type", "text", "truthy"}]}. Relative paths are below
 * `root`, nodegame-mturk's folder. ERR_FORMAT. The caller finishes it, also after -1. */
int migration_init(struct migration *migration, struct json_object *said, const char *root, struct err *err);
/* Secrets are overwritten first. */
void migration_finish(struct migration *migration);

size_t migration_count(const struct migration *migration, enum migration_state state);

/* The new file; `from` names the old one. Without secrets their lines are comments. The caller frees (and overwrites)
 * it; NULL: out of memory. */
char *migration_text(const struct migration *migration, const char *from, bool with_secrets);

/* {understood: [{name, section, key, value, is_secret, remark}], usual, unneeded, left: [{name, section, key, why,
 * hint}], note}; values of secrets are null. New reference. */
struct json_object *migration_json(const struct migration *migration);

/* The folder against which nodegame-mturk resolves the paths of the file with this absolute path: the one above conf/,
 * else the file's own. The caller frees. */
char *migration_root(const char *path);

#endif
