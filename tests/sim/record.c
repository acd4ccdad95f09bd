/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* The texts of an entry lie one behind the other in `text`: method, path, query, remote, then name and value of each
 * header. */
struct entry {
	char *text;
	char *body;
	size_t body_len;
	size_t header_count;
	const char *operation;
	char error_type[48];
	char fault[16];
	int64_t at_ms;
	int status;
	bool is_executed;
};

struct record {
	struct entry *entries;
	size_t limit;
	int64_t next; /* the number of the next request, from 1 */
	size_t kept;
	bool is_on;
};

struct record *record_new(void)
{
	struct record *record = calloc(1, sizeof(*record));

	if (!record)
		return NULL;
	record->next = 1;
	if (record_set(record, true, RECORD_DEFAULT) == 0)
		return record;
	free(record);
	return NULL;
}

static struct entry *slot(const struct record *record, int64_t number)
{
	return &record->entries[(size_t)number % record->limit];
}

static void drop_oldest(struct record *record)
{
	struct entry *entry = slot(record, record->next - (int64_t)record->kept);

	free(entry->text);
	free(entry->body);
	*entry = (struct entry){ 0 };
	record->kept--;
}

void record_clear(struct record *record)
{
	while (record->kept > 0)
		drop_oldest(record);
}

void record_free(struct record *record)
{
	if (!record)
		return;
	record_clear(record);
	free(record->entries);
	free(record);
}

int record_set(struct record *record, bool on, size_t limit)
{
	struct entry *entries;

	record->is_on = on;
	if (limit == 0 || limit == record->limit)
		return 0;
	entries = calloc(limit, sizeof(*entries));
	if (!entries)
		return -1;
	record_clear(record);
	free(record->entries);
	record->entries = entries;
	record->limit = limit;
	return 0;
}

static char *pack(const struct request *request)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	(void)fprintf(out, "%s%c%s%c%s%c%s%c", request->method, 0, request->path, 0, request->query, 0, request->remote,
		      0);
	for (size_t i = 0; i < request->header_count; i++)
		(void)fprintf(out, "%s%c%s%c", request->headers[i].name, 0, request->headers[i].value, 0);
	(void)fclose(out);
	return text;
}

void record_add(struct record *record, const struct request *request, const char *operation, int64_t at_ms, int status,
		const char *error_type, const char *fault, bool is_executed)
{
	struct entry *entry;
	char *text, *body;

	if (!record->is_on)
		return;
	if (record->kept == record->limit)
		drop_oldest(record);
	text = pack(request);
	body = malloc(request->body_len + 1);
	if (!text || !body) {
		free(text);
		free(body);
		return;
	}
	memcpy(body, request->body, request->body_len);
	entry = slot(record, record->next);
	entry->text = text;
	entry->body = body;
	entry->body_len = request->body_len;
	entry->header_count = request->header_count;
	entry->operation = operation;
	entry->at_ms = at_ms;
	entry->status = status;
	entry->is_executed = is_executed;
	(void)snprintf(entry->error_type, sizeof(entry->error_type), "%s", error_type);
	(void)snprintf(entry->fault, sizeof(entry->fault), "%s", fault);
	record->next++;
	record->kept++;
}

/* Bytes that are not UTF-8 cannot be a JSON text: each becomes the code point of its value, and "latin1" says so. */
static void put_body(struct json_object *json, const struct entry *entry)
{
	bool is_utf8 = utf8_first_invalid(entry->body, entry->body_len) == entry->body_len;
	char *wide;
	size_t n = 0;

	json_put_bool(json, "latin1", !is_utf8);
	if (is_utf8) {
		json_put_value(json, "body", json_object_new_string_len(entry->body, (int)entry->body_len));
		return;
	}
	wide = malloc(2 * entry->body_len + 1);
	if (!wide)
		return;
	for (size_t i = 0; i < entry->body_len; i++) {
		unsigned char c = (unsigned char)entry->body[i];

		if (c >= 0x80)
			wide[n++] = (char)(0xc0 | c >> 6);
		wide[n++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
	}
	json_put_value(json, "body", json_object_new_string_len(wide, (int)n));
	free(wide);
}

static const char *put_next(struct json_object *json, const char *name, const char *text)
{
	json_put_text(json, name, text);
	return text + strlen(text) + 1;
}

static struct json_object *entry_json(const struct entry *entry, int64_t number)
{
	struct json_object *json = json_object_new_object(), *headers = json_object_new_array();
	const char *p = entry->text;

	json_put_int(json, "number", number);
	json_put_int(json, "at_ms", entry->at_ms);
	p = put_next(json, "method", p);
	p = put_next(json, "path", p);
	p = put_next(json, "query", p);
	p = put_next(json, "remote", p);
	for (size_t i = 0; i < entry->header_count; i++) {
		struct json_object *pair = json_object_new_array();

		(void)json_object_array_add(pair, json_object_new_string(p));
		p += strlen(p) + 1;
		(void)json_object_array_add(pair, json_object_new_string(p));
		p += strlen(p) + 1;
		(void)json_object_array_add(headers, pair);
	}
	json_put_value(json, "headers", headers);
	put_body(json, entry);
	json_put_text(json, "operation", entry->operation);
	json_put_int(json, "status", entry->status);
	json_put_text(json, "error", entry->error_type);
	json_put_text(json, "fault", entry->fault);
	json_put_bool(json, "executed", entry->is_executed);
	return json;
}

struct json_object *record_json(const struct record *record, int64_t since, int64_t limit)
{
	struct json_object *json = json_object_new_object(), *list = json_object_new_array();
	int64_t first = record->next - (int64_t)record->kept, number = since > first ? since : first;

	for (; number < record->next && limit > 0; number++, limit--)
		(void)json_object_array_add(list, entry_json(slot(record, number), number));
	json_put_value(json, "requests", list);
	json_put_int(json, "next", number);
	json_put_int(json, "lost", first - 1);
	json_put_bool(json, "on", record->is_on);
	return json;
}
