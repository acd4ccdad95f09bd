/* SPDX-License-Identifier: MIT
 *
 * Which column of a file is which field: by the configured name, else by the names that nodeGame, nodegame-mturk and
 * MTurk's own downloads use, decided anew for each file from its header, without regard to case unless configured.
 * Pure.
 */
#ifndef NGMT_FIELDS_H
#define NGMT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "csv.h"
#include "err.h"

/* FIELD(symbol, configuration key, seed's default name, other names) */
enum field {
#define FIELD(symbol, key, name, others) symbol,
#include "fields.def"
#undef FIELD
	FIELDS
};

/* Those before it have a key and can be configured; the others are nodeGame's own ("type", "skip") and have the key
 * "". */
#define FIELDS_CONFIGURABLE FIELD_TYPE

/* The configured names: names[field] NULL means the default and its aliases; otherwise this name alone, and of columns
 * whose names differ from it in case only the one that is written exactly so. Borrowed. */
struct field_names {
	const char *names[FIELDS];
	bool case_sensitive;
};

#define FIELD_NO_COLUMN ((size_t)-1)

struct field_map {
	size_t columns[FIELDS]; /* index of the cell, or FIELD_NO_COLUMN */
	size_t width;           /* cells in the header */
	char **header;          /* the names as the file has them, without blanks around them; one block */
	bool case_sensitive;
};

/* Reads the header record. Refuses (ERR_FORMAT, with line and column) two columns with one name, two columns that
 * both mean the same field, and a header without any name. Columns without a name (pandas' index, a trailing
 * separator) are allowed. `names` may be NULL: all defaults. The caller finishes the map; after -1 there is nothing
 * to finish. */
int field_map_init(struct field_map *map, const struct field_names *names, const struct csv_record *header,
		   struct err *err);
void field_map_finish(struct field_map *map);

/* Begins a file at its first record. 1: it is the header. 0: it is a row of a file without a header line, since it has
 * no name of a field in it, and `columns` (the names of its columns, separated by commas, as in a header; NULL: not
 * known) fits: as many cells, or fewer if field_map_may_lack() the others. -1: as field_map_init(), or ERR_FORMAT
 * because it is neither. */
int field_map_begin(struct field_map *map, const struct field_names *names, const char *columns,
		    const struct csv_record *first, struct err *err);
/* Whether `columns` is such a line: ERR_CONFIG if not. */
int field_map_check_columns(const struct field_names *names, const char *columns, struct err *err);

/* Whether a row may end before this column: approve, reject (MTurk's downloads), and columns without a name. */
bool field_map_may_lack(const struct field_map *map, size_t column);

/* Whether a record is the header once more (appending writers repeat it). */
bool field_map_is_header(const struct field_map *map, const struct csv_record *record);

/* The key under [fields] ("worker_id"), the seed's default name ("WorkerId"), the aliases (comma-separated, may be
 * ""). */
const char *field_key(enum field field);
const char *field_name(enum field field);
const char *field_aliases(enum field field);

#endif
