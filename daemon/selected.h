/* SPDX-License-Identifier: MIT
 *
 * The HIT and the qualification type that are meant where none is named: remembered in the ledger, with their titles,
 * for everybody who asks this daemon.
 */
#ifndef NGMT_SELECTED_H
#define NGMT_SELECTED_H

#include "json.h"
#include "ledger.h"

/* Selects; an id of NULL or "" selects nothing. A title or name of NULL: not known. Whoever selects another HIT and has
 * the joins at hand tells them (joins_news()). */
int selected_set_hit(struct ledger *ledger, const char *hit_id, const char *title, struct err *err);
int selected_set_type(struct ledger *ledger, const char *qualification_type_id, const char *name, struct err *err);

/* The ids. The caller frees; NULL: none is selected. */
char *selected_hit(struct ledger *ledger);
char *selected_type(struct ledger *ledger);

/* The same, or else what the configuration says (NULL: nothing). */
char *selected_hit_else(struct ledger *ledger, const char *configured);
char *selected_type_else(struct ledger *ledger, const char *configured);

/* {"hit": {"hit_id", "title"} or null, "qualification": {"qualification_type_id", "name"} or null}. New reference. */
struct json_object *selected_describe(struct ledger *ledger);

#endif
