/* SPDX-License-Identifier: MIT */
#include "selected.h"

#include <stdlib.h>
#include <string.h>

static const struct choice {
	const char *id_key;   /* in the ledger's meta */
	const char *name_key; /* likewise */
	const char *id_member;
	const char *name_member;
} hit_choice = { "hit", "hit_title", "hit_id", "title" },
  type_choice = { "qualification_type", "qualification_name", "qualification_type_id", "name" };

static int set(struct ledger *ledger, const struct choice *choice, const char *id, const char *name, struct err *err)
{
	bool is_one = id && id[0];

	if (ledger_set_meta(ledger, choice->id_key, is_one ? id : "", err) < 0)
		return -1;
	return ledger_set_meta(ledger, choice->name_key, is_one && name ? name : "", err);
}

int selected_set_hit(struct ledger *ledger, const char *hit_id, const char *title, struct err *err)
{
	return set(ledger, &hit_choice, hit_id, title, err);
}

int selected_set_type(struct ledger *ledger, const char *qualification_type_id, const char *name, struct err *err)
{
	return set(ledger, &type_choice, qualification_type_id, name, err);
}

char *selected_hit(struct ledger *ledger)
{
	return ledger_get_meta(ledger, hit_choice.id_key);
}

char *selected_type(struct ledger *ledger)
{
	return ledger_get_meta(ledger, type_choice.id_key);
}

static char *this_else(char *id, const char *configured)
{
	return id || !configured ? id : strdup(configured);
}

char *selected_hit_else(struct ledger *ledger, const char *configured)
{
	return this_else(selected_hit(ledger), configured);
}

char *selected_type_else(struct ledger *ledger, const char *configured)
{
	return this_else(selected_type(ledger), configured);
}

/* NULL: none is selected. */
static struct json_object *describe(struct ledger *ledger, const struct choice *choice)
{
	char *id = ledger_get_meta(ledger, choice->id_key), *name;
	struct json_object *out;

	if (!id)
		return NULL;
	name = ledger_get_meta(ledger, choice->name_key);
	out = json_object_new_object();
	json_put_text(out, choice->id_member, id);
	json_put_text(out, choice->name_member, name);
	free(name);
	free(id);
	return out;
}

struct json_object *selected_describe(struct ledger *ledger)
{
	struct json_object *out = json_object_new_object();

	json_put_value(out, "hit", describe(ledger, &hit_choice));
	json_put_value(out, "qualification", describe(ledger, &type_choice));
	return out;
}
