/* SPDX-License-Identifier: MIT
 *
 * A list from the platform of which one can be selected: HITs, qualification types. On a terminal by a picker, with
 * --select by number or id; else the list is printed, numbered, and nothing is selected. What is selected is what later
 * commands are about that name nothing else; the daemon remembers it.
 */
#ifndef NGMT_CHOOSER_H
#define NGMT_CHOOSER_H

#include "err.h"
#include "json.h"
#include "session.h"
#include "table.h"

struct chooser {
	const char *what;      /* as the daemon's method get calls the list; also the member of its result */
	const char *id_key;    /* member of an entry, and of the params of method select */
	const char *title_key; /* member of an entry */
	const char *member;    /* of the result of method select */
	const char *noun;      /* "HIT" */
	const char *nouns;
	const char *question;  /* of the picker */
	const char *columns;   /* alignment of the table */
	/* Adds one row: number, and what tells entries apart. `columns` of the line are left for the title. */
	void (*add_row)(struct table *table, size_t number, struct json_object *entry, int columns);
};

/* Runs get hits, get qualifications. Returns the exit status, or -1 with `err`. */
int chooser_run(struct session *session, const struct chooser *chooser, struct err *err);

/* Says on standard error that `result` (of get hit, get qualification) was fetched without being selected, because this
 * user may only look. */
void chooser_note_unselected(const struct session *session, struct json_object *result);

#endif
