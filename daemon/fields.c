/* SPDX-License-Identifier: MIT */
#include "fields.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Longer cells are no names of fields; those that are configured are shorter. */
#define NAME_MAX_BYTES 1024

static const struct {
	const char *key;
	const char *name;
	const char *aliases;
} fields[FIELDS] = {
#define FIELD(symbol, key, name, others) [symbol] = { key, name, others },
#include "fields.def"
#undef FIELD
};

const char *field_key(enum field field)
{
	return fields[field].key;
}

const char *field_name(enum field field)
{
	return fields[field].name;
}

const char *field_aliases(enum field field)
{
	return fields[field].aliases;
}

static bool is_same(const char *a, const char *b, bool case_sensitive)
{
	return (case_sensitive ? strcmp(a, b) : strcasecmp(a, b)) == 0;
}

/* Whether `name` is one of a comma-separated list. */
static bool is_listed(const char *list, const char *name, bool case_sensitive)
{
	size_t len = strlen(name);

	while (*list) {
		size_t n = strcspn(list, ",");

		if (n == len && (case_sensitive ? strncmp(list, name, n) : strncasecmp(list, name, n)) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static bool is_named(const struct field_names *names, enum field field, const char *name)
{
	const char *configured = names ? names->names[field] : NULL;
	bool case_sensitive = names && names->case_sensitive;

	if (name[0] == '\0')
		return false;
	if (configured)
		return is_same(configured, name, case_sensitive);
	return is_same(fields[field].name, name, case_sensitive) ||
	       is_listed(fields[field].aliases, name, case_sensitive);
}

/* The name in a header cell, without the blanks around it. */
static const char *name_in(const struct csv_cell *cell, size_t *len)
{
	const char *text = cell->text + strspn(cell->text, " \t");

	*len = strlen(text);
	while (*len > 0 && (text[*len - 1] == ' ' || text[*len - 1] == '\t'))
		(*len)--;
	return text;
}

/* The array and its texts are one block. */
static int copy_header(struct field_map *map, const struct csv_record *header, struct err *err)
{
	size_t size = (header->count + 1) * sizeof(char *);
	char *next;

	for (size_t i = 0; i < header->count; i++)
		size += header->cells[i].len + 1;
	map->header = calloc(1, size);
	if (!map->header)
		return err_set(err, ERR_INTERNAL, "out of memory");
	map->width = header->count;
	next = (char *)(map->header + header->count + 1);
	for (size_t i = 0; i < header->count; i++) {
		size_t len;
		const char *name = name_in(&header->cells[i], &len);

		map->header[i] = memcpy(next, name, len);
		next[len] = '\0';
		next += len + 1;
	}
	return 0;
}

static int check_names(const struct field_map *map, const struct csv_record *header, struct err *err)
{
	bool named = false;

	for (size_t i = 0; i < map->width; i++) {
		named = named || map->header[i][0];
		for (size_t j = 0; j < i; j++)
			if (map->header[i][0] && strcmp(map->header[i], map->header[j]) == 0)
				return err_set(err, ERR_FORMAT, "line %u, column %u: two columns are called \"%.60s\"",
					       header->line, header->cells[i].column, map->header[i]);
	}
	if (named)
		return 0;
	(void)err_set(err, ERR_FORMAT, "line %u, column 1: the header has no names", header->line);
	return err_hint(err, "the first line must name the columns");
}

/* The column with exactly the configured name; others differ from it in case only. */
static size_t find_configured(const struct field_map *map, const struct field_names *names, enum field field)
{
	const char *name = names ? names->names[field] : NULL;

	for (size_t i = 0; name && i < map->width; i++)
		if (strcmp(map->header[i], name) == 0)
			return i;
	return FIELD_NO_COLUMN;
}

static int place(struct field_map *map, const struct field_names *names, const struct csv_record *header,
		 enum field field, struct err *err)
{
	map->columns[field] = find_configured(map, names, field);
	if (map->columns[field] != FIELD_NO_COLUMN)
		return 0;
	for (size_t i = 0; i < map->width; i++) {
		if (!is_named(names, field, map->header[i]))
			continue;
		if (map->columns[field] != FIELD_NO_COLUMN) {
			(void)err_set(err, ERR_FORMAT,
				      "line %u, column %u: \"%.60s\" and \"%.60s\" are both the field \"%s\"",
				      header->line, header->cells[i].column, map->header[map->columns[field]],
				      map->header[i], fields[field].name);
			if (fields[field].key[0])
				return err_hint(err, "set \"%s\" under [fields] to the name of the right one",
						fields[field].key);
			return -1;
		}
		map->columns[field] = i;
	}
	return 0;
}

int field_map_init(struct field_map *map, const struct field_names *names, const struct csv_record *header,
		   struct err *err)
{
	int result;

	*map = (struct field_map){ .case_sensitive = names && names->case_sensitive };
	result = copy_header(map, header, err);
	if (result == 0)
		result = check_names(map, header, err);
	for (enum field field = 0; result == 0 && field < FIELDS; field++)
		result = place(map, names, header, field, err);
	if (result < 0)
		field_map_finish(map);
	return result;
}

void field_map_finish(struct field_map *map)
{
	free(map->header);
	*map = (struct field_map){ 0 };
}

bool field_map_may_lack(const struct field_map *map, size_t column)
{
	return column == map->columns[FIELD_APPROVE] || column == map->columns[FIELD_REJECT] ||
	       map->header[column][0] == '\0';
}

static bool names_a_field(const struct field_names *names, const struct csv_record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		size_t len;
		const char *text = name_in(&record->cells[i], &len);
		char name[NAME_MAX_BYTES + 1];

		if (len > NAME_MAX_BYTES)
			continue;
		memcpy(name, text, len);
		name[len] = '\0';
		for (enum field field = 0; field < FIELDS; field++)
			if (is_named(names, field, name))
				return true;
	}
	return false;
}

/* Reading the line of [import] columns. */
struct columns {
	struct field_map map;
	const struct field_names *names;
	bool is_read;
};

static int on_columns(void *arg, const struct csv_record *record, struct err *err)
{
	struct columns *columns = arg;

	if (columns->is_read)
		return err_set(err, ERR_CONFIG, "there is more than one line");
	if (!names_a_field(columns->names, record))
		return err_set(err, ERR_CONFIG, "no column of a results file is among them");
	columns->is_read = field_map_init(&columns->map, columns->names, record, err) == 0;
	return columns->is_read ? 0 : -1;
}

static int read_columns(struct field_map *map, const struct field_names *names, const char *text, struct err *err)
{
	static const struct csv_options options = { .separator = ',' };
	struct columns columns = { .names = names };
	struct csv *csv = csv_new(&options, on_columns, &columns);
	int result = -1;

	*map = (struct field_map){ 0 };
	if (!csv)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (csv_feed(csv, text, strlen(text), err) == 0 && csv_finish(csv, err) == 0)
		result = columns.is_read ? 0 : err_set(err, ERR_CONFIG, "there are no names in it");
	csv_free(csv);
	*map = columns.map;
	if (result == 0)
		return 0;
	field_map_finish(map);
	if (err && err->code != ERR_INTERNAL)
		err->code = ERR_CONFIG;
	(void)err_prefix(err, "\"columns\"");
	return -1;
}

int field_map_check_columns(const struct field_names *names, const char *columns, struct err *err)
{
	struct field_map map;

	if (read_columns(&map, names, columns, err) < 0)
		return -1;
	field_map_finish(&map);
	return 0;
}

static bool fits(const struct field_map *map, const struct csv_record *record)
{
	for (size_t i = record->count; i < map->width; i++)
		if (!field_map_may_lack(map, i))
			return false;
	return record->count <= map->width;
}

static int refuse_first(const struct csv_record *first, struct err *err)
{
	(void)err_set(err, ERR_FORMAT, "line %u, column 1: no column of a results file is named here", first->line);
	return err_hint(err, "see the names with: ngmtctl show fields; a file without a header line needs \"columns\" "
			     "under [import]; nothing of this file was imported");
}

int field_map_begin(struct field_map *map, const struct field_names *names, const char *columns,
		    const struct csv_record *first, struct err *err)
{
	size_t width;

	if (names_a_field(names, first))
		return field_map_init(map, names, first, err) < 0 ? -1 : 1;
	if (!columns)
		return refuse_first(first, err);
	if (read_columns(map, names, columns, err) < 0)
		return -1;
	if (fits(map, first))
		return 0;
	width = map->width;
	field_map_finish(map);
	(void)err_set(err, ERR_FORMAT,
		      "line %u, column 1: no header, and no row of a file without one: %zu cells, but \"columns\" has "
		      "%zu names",
		      first->line, first->count, width);
	return err_hint(err, "nothing of this file was imported; set \"columns\" under [import] to what the file has");
}

bool field_map_is_header(const struct field_map *map, const struct csv_record *record)
{
	if (record->count != map->width)
		return false;
	for (size_t i = 0; i < record->count; i++) {
		const char *text = record->cells[i].text + strspn(record->cells[i].text, " \t");
		const char *name = map->header[i];
		size_t len = strlen(name);

		if ((map->case_sensitive ? strncmp(text, name, len) : strncasecmp(text, name, len)) != 0 ||
		    text[len + strspn(text + len, " \t")] != '\0')
			return false;
	}
	return true;
}
