/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "money.h"

#define FILE_MAX_BYTES (INT64_C(1) << 30)

enum kind { TEXT, INTEGER, BOOLEAN };

struct field {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define FIELD(structure, kind, name) { #name, kind, offsetof(struct structure, name) }

static const struct field account_fields[] = {
	FIELD(books, INTEGER, available_cents), FIELD(books, INTEGER, on_hold_cents),
	FIELD(books, INTEGER, rewards_cents),	FIELD(books, INTEGER, bonuses_cents),
	FIELD(books, INTEGER, fees_cents),	FIELD(books, INTEGER, clock_offset_ms),
};

static const struct field hit_type_fields[] = {
	FIELD(hit_type, TEXT, id),
	FIELD(hit_type, TEXT, title),
	FIELD(hit_type, TEXT, description),
	FIELD(hit_type, TEXT, keywords),
	FIELD(hit_type, INTEGER, reward_cents),
	FIELD(hit_type, INTEGER, duration_s),
	FIELD(hit_type, INTEGER, auto_approval_s),
};

static const struct field hit_fields[] = {
	FIELD(hit, TEXT, question),	 FIELD(hit, TEXT, annotation),	      FIELD(hit, TEXT, layout_id),
	FIELD(hit, INTEGER, created_ms), FIELD(hit, INTEGER, expires_ms),     FIELD(hit, INTEGER, max_assignments),
	FIELD(hit, INTEGER, held),	 FIELD(hit, BOOLEAN, is_unheld),      FIELD(hit, BOOLEAN, is_disposed),
};

static const struct field worker_fields[] = {
	FIELD(worker, TEXT, block_reason),
	FIELD(worker, INTEGER, submitted),
	FIELD(worker, INTEGER, messages),
};

static const struct field assignment_fields[] = {
	FIELD(assignment, INTEGER, approvals),	  FIELD(assignment, INTEGER, rejections),
	FIELD(assignment, INTEGER, accepted_ms),  FIELD(assignment, INTEGER, submitted_ms),
	FIELD(assignment, INTEGER, auto_approval_ms), FIELD(assignment, INTEGER, approved_ms),
	FIELD(assignment, INTEGER, rejected_ms),  FIELD(assignment, BOOLEAN, is_auto_approved),
	FIELD(assignment, TEXT, answer),	  FIELD(assignment, TEXT, code),
	FIELD(assignment, TEXT, feedback),
};

static const struct field bonus_fields[] = {
	FIELD(bonus, INTEGER, cents),  FIELD(bonus, INTEGER, fee_cents), FIELD(bonus, INTEGER, granted_ms),
	FIELD(bonus, TEXT, reason),    FIELD(bonus, TEXT, token),
};

static const struct field qualification_type_fields[] = {
	FIELD(qualification_type, TEXT, id),
	FIELD(qualification_type, TEXT, name),
	FIELD(qualification_type, TEXT, description),
	FIELD(qualification_type, TEXT, keywords),
	FIELD(qualification_type, TEXT, test),
	FIELD(qualification_type, TEXT, answer_key),
	FIELD(qualification_type, BOOLEAN, is_active),
	FIELD(qualification_type, BOOLEAN, is_deleted),
	FIELD(qualification_type, BOOLEAN, is_auto_granted),
	FIELD(qualification_type, INTEGER, auto_granted_value),
	FIELD(qualification_type, INTEGER, retry_delay_s),
	FIELD(qualification_type, INTEGER, test_duration_s),
	FIELD(qualification_type, INTEGER, created_ms),
};

static const struct field grant_fields[] = {
	FIELD(grant, INTEGER, value),
	FIELD(grant, INTEGER, granted_ms),
	FIELD(grant, BOOLEAN, is_revoked),
	FIELD(grant, INTEGER, messages),
};

static const struct field message_fields[] = {
	FIELD(message, INTEGER, sent_ms),
	FIELD(message, TEXT, subject),
	FIELD(message, TEXT, text),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define PUT_FIELDS(json, item, fields) put_fields(json, (const char *)(item), fields, COUNT(fields))
#define READ_FIELDS(json, item, fields) read_fields(json, (char *)(item), fields, COUNT(fields))

static void put_fields(struct json_object *json, const char *item, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const void *at = item + fields[i].offset;

		if (fields[i].kind == TEXT) {
			char *text;

			memcpy(&text, at, sizeof(text));
			if (text)
				json_put_text(json, fields[i].name, text);
		} else if (fields[i].kind == BOOLEAN) {
			bool flag;

			memcpy(&flag, at, sizeof(flag));
			json_put_bool(json, fields[i].name, flag);
		} else {
			int64_t number;

			memcpy(&number, at, sizeof(number));
			json_put_int(json, fields[i].name, number);
		}
	}
}

static int read_field(struct json_object *json, char *at, const struct field *field)
{
	const char *text = NULL;
	char *own;
	int64_t number = 0;
	bool flag = false;

	if (field->kind == TEXT) {
		memcpy(&own, at, sizeof(own));
		if (json_get_text(json, field->name, &text) && books_set_text(&own, text) < 0)
			return -1;
		memcpy(at, &own, sizeof(own));
	} else if (field->kind == BOOLEAN) {
		if (!json_get_bool(json, field->name, &flag))
			return -1;
		memcpy(at, &flag, sizeof(flag));
	} else {
		if (!json_get_int(json, field->name, &number))
			return -1;
		memcpy(at, &number, sizeof(number));
	}
	return 0;
}

static int read_fields(struct json_object *json, char *item, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (read_field(json, item + fields[i].offset, &fields[i]) < 0)
			return -1;
	}
	return 0;
}

static struct json_object *list_json(struct array_list *items, struct json_object *(*view)(const void *item))
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < array_list_length(items); i++)
		(void)json_object_array_add(list, view(array_list_get_idx(items, i)));
	return list;
}

static void put_amount(struct json_object *json, const char *name, int64_t cents)
{
	char text[MONEY_TEXT_MAX];

	json_put_text(json, name, money_format(cents, text));
}

static struct json_object *account_json(const struct books *books)
{
	struct json_object *json = json_object_new_object();
	char seed[24];

	put_amount(json, "available", books->available_cents);
	put_amount(json, "on_hold", books->on_hold_cents);
	put_amount(json, "spent", books->rewards_cents + books->bonuses_cents + books->fees_cents);
	PUT_FIELDS(json, books, account_fields);
	json_put_int(json, "ids_made", (int64_t)books->ids_made);
	(void)snprintf(seed, sizeof(seed), "%" PRIx64, books->seed);
	json_put_text(json, "seed", seed);
	return json;
}

static struct json_object *hit_type_json(const void *item)
{
	const struct hit_type *type = item;
	struct json_object *json = json_object_new_object();

	PUT_FIELDS(json, type, hit_type_fields);
	if (type->requirements)
		json_put_value(json, "requirements", json_object_get(type->requirements));
	return json;
}

static struct json_object *hit_json(const void *item)
{
	const struct hit *hit = item;
	struct json_object *json = json_object_new_object();

	json_put_text(json, "hit", hit->id);
	json_put_text(json, "type", hit->type->id);
	put_amount(json, "reward", hit->type->reward_cents);
	json_put_int(json, "accepted", hit->counts[ASSIGNMENT_ACCEPTED]);
	json_put_int(json, "submitted", hit->counts[ASSIGNMENT_SUBMITTED]);
	json_put_int(json, "approved", hit->counts[ASSIGNMENT_APPROVED]);
	json_put_int(json, "rejected", hit->counts[ASSIGNMENT_REJECTED]);
	PUT_FIELDS(json, hit, hit_fields);
	return json;
}

static struct json_object *worker_json(const void *item)
{
	struct json_object *json = json_object_new_object();

	json_put_text(json, "worker", ((const struct worker *)item)->id);
	PUT_FIELDS(json, item, worker_fields);
	return json;
}

static struct json_object *assignment_json(const void *item)
{
	const struct assignment *assignment = item;
	struct json_object *json = json_object_new_object();

	json_put_text(json, "assignment", assignment->id);
	json_put_text(json, "worker", assignment->worker->id);
	json_put_text(json, "hit", assignment->hit->id);
	json_put_text(json, "status", assignment_status(assignment));
	json_put_int(json, "bonuses", assignment->bonuses ? (int64_t)array_list_length(assignment->bonuses) : 0);
	PUT_FIELDS(json, assignment, assignment_fields);
	return json;
}

static struct json_object *bonus_json(const void *item)
{
	const struct bonus *bonus = item;
	struct json_object *json = json_object_new_object();

	json_put_text(json, "assignment", bonus->assignment->id);
	json_put_text(json, "worker", bonus->assignment->worker->id);
	put_amount(json, "amount", bonus->cents);
	PUT_FIELDS(json, bonus, bonus_fields);
	return json;
}

static struct json_object *grant_json(const void *item)
{
	struct json_object *json = json_object_new_object();

	json_put_text(json, "worker", ((const struct grant *)item)->worker->id);
	PUT_FIELDS(json, item, grant_fields);
	return json;
}

static struct json_object *qualification_type_json(const void *item)
{
	const struct qualification_type *type = item;
	struct json_object *json = json_object_new_object();

	PUT_FIELDS(json, type, qualification_type_fields);
	json_put_value(json, "grants", list_json(type->grants, grant_json));
	return json;
}

static struct json_object *text_json(const void *item)
{
	return json_object_new_string(item);
}

static struct json_object *message_json(const void *item)
{
	const struct message *message = item;
	struct json_object *json = json_object_new_object();

	PUT_FIELDS(json, message, message_fields);
	json_put_value(json, "workers", list_json(message->workers, text_json));
	json_put_value(json, "failures", list_json(message->failures, text_json));
	return json;
}

static bool is_wanted(const char *only, const char *name)
{
	size_t n = strlen(name);

	if (!only || !*only)
		return true;
	for (const char *p = only; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	}
	return false;
}

struct json_object *snapshot_json(const struct books *books, const char *only)
{
	const struct {
		const char *name;
		struct array_list *items;
		struct json_object *(*view)(const void *item);
	} lists[] = {
		{ "hit_types", books->hit_types, hit_type_json },
		{ "hits", books->hits, hit_json },
		{ "workers", books->workers, worker_json },
		{ "assignments", books->assignments, assignment_json },
		{ "bonuses", books->bonuses, bonus_json },
		{ "qualification_types", books->qualification_types, qualification_type_json },
		{ "notifications", books->messages, message_json },
	};
	struct json_object *json = json_object_new_object();

	if (is_wanted(only, "account"))
		json_put_value(json, "account", account_json(books));
	for (size_t i = 0; i < COUNT(lists); i++) {
		if (is_wanted(only, lists[i].name))
			json_put_value(json, lists[i].name, list_json(lists[i].items, lists[i].view));
	}
	if (is_wanted(only, "tokens"))
		json_put_value(json, "tokens", tokens_json(books->tokens));
	return json;
}

static int load_account(struct books *books, struct json_object *json)
{
	const char *seed;
	int64_t ids_made;

	if (READ_FIELDS(json, books, account_fields) < 0 || !json_get_text(json, "seed", &seed) ||
	    !json_get_int(json, "ids_made", &ids_made))
		return -1;
	books->seed = strtoull(seed, NULL, 16);
	books->ids_made = (uint64_t)ids_made;
	return 0;
}

static int load_hit_type(struct books *books, struct json_object *json)
{
	struct hit_terms terms = { .requirements = json_get_array(json, "requirements") };
	const char *id;

	(void)json_get_text(json, "keywords", &terms.keywords);
	if (!json_get_text(json, "id", &id) || !json_get_text(json, "title", &terms.title) ||
	    !json_get_text(json, "description", &terms.description) ||
	    !json_get_int(json, "reward_cents", &terms.reward_cents) ||
	    !json_get_int(json, "duration_s", &terms.duration_s) ||
	    !json_get_int(json, "auto_approval_s", &terms.auto_approval_s))
		return -1;
	return books_add_hit_type(books, id, &terms) ? 0 : -1;
}

static int load_hit(struct books *books, struct json_object *json)
{
	const char *id, *type_id;
	const struct hit_type *type;
	struct hit *hit;

	if (!json_get_text(json, "hit", &id) || !json_get_text(json, "type", &type_id))
		return -1;
	type = books_hit_type(books, type_id);
	hit = type ? books_add_hit(books, id, type, 1, 0, 0) : NULL;
	return hit ? READ_FIELDS(json, hit, hit_fields) : -1;
}

static int load_worker(struct books *books, struct json_object *json)
{
	struct worker *worker;
	const char *id;

	if (!json_get_text(json, "worker", &id))
		return -1;
	worker = books_add_worker(books, id);
	return worker ? READ_FIELDS(json, worker, worker_fields) : -1;
}

static int load_assignment(struct books *books, struct json_object *json)
{
	const char *id, *worker_id, *hit_id, *status;
	struct assignment *assignment;
	struct worker *worker;
	struct hit *hit;

	if (!json_get_text(json, "assignment", &id) || !json_get_text(json, "worker", &worker_id) ||
	    !json_get_text(json, "hit", &hit_id) || !json_get_text(json, "status", &status))
		return -1;
	worker = books_worker(books, worker_id);
	hit = books_hit(books, hit_id);
	assignment = worker && hit ? books_add_assignment(books, id, hit, worker, 0) : NULL;
	if (!assignment || READ_FIELDS(json, assignment, assignment_fields) < 0)
		return -1;
	hit->counts[ASSIGNMENT_ACCEPTED]--;
	while (strcmp(assignment_status(assignment), status) != 0) {
		if (assignment->state == ASSIGNMENT_REJECTED)
			return -1;
		assignment->state++;
	}
	hit->counts[assignment->state]++;
	return 0;
}

static int load_bonus(struct books *books, struct json_object *json)
{
	const char *id, *reason;
	struct assignment *assignment;
	struct bonus *bonus;

	if (!json_get_text(json, "assignment", &id) || !json_get_text(json, "reason", &reason))
		return -1;
	assignment = books_assignment(books, id);
	bonus = assignment ? books_add_bonus(books, assignment, 0, reason, NULL, 0) : NULL;
	return bonus ? READ_FIELDS(json, bonus, bonus_fields) : -1;
}

static int load_qualification_type(struct books *books, struct json_object *json)
{
	struct json_object *grants = json_get_array(json, "grants");
	struct qualification_type *type;
	const char *id, *name;

	if (!grants || !json_get_text(json, "id", &id) || !json_get_text(json, "name", &name))
		return -1;
	type = books_add_qualification_type(books, id, name, 0);
	if (!type)
		return -1;
	for (size_t i = 0; i < json_object_array_length(grants); i++) {
		struct json_object *item = json_object_array_get_idx(grants, i);
		const char *worker_id;
		struct worker *worker = json_get_text(item, "worker", &worker_id) ? books_worker(books, worker_id)
										  : NULL;
		struct grant *grant = worker ? books_add_grant(type, worker) : NULL;

		if (!grant || READ_FIELDS(item, grant, grant_fields) < 0)
			return -1;
	}
	/* The id is the key of a table by now, so only the other fields may be read. */
	return read_fields(json, (char *)type, qualification_type_fields + 1, COUNT(qualification_type_fields) - 1);
}

static int load_texts(struct array_list *list, struct json_object *json)
{
	for (size_t i = 0; json && i < json_object_array_length(json); i++) {
		char *copy = strdup(json_object_get_string(json_object_array_get_idx(json, i)));

		if (!copy || array_list_add(list, copy) < 0) {
			free(copy);
			return -1;
		}
	}
	return json ? 0 : -1;
}

static int load_message(struct books *books, struct json_object *json)
{
	struct message *message = books_add_message(books, "", "", 0);

	if (!message || READ_FIELDS(json, message, message_fields) < 0 ||
	    load_texts(message->workers, json_get_array(json, "workers")) < 0)
		return -1;
	return load_texts(message->failures, json_get_array(json, "failures"));
}

static int load_tokens(struct books *books, struct json_object *json)
{
	struct json_object *list = json_get_array(json, "tokens");

	return list ? tokens_load(books->tokens, list) : -1;
}

int snapshot_load(struct books *books, struct json_object *json, struct err *err)
{
	static const struct {
		const char *name;
		int (*load)(struct books *books, struct json_object *json);
	} lists[] = {
		{ "hit_types", load_hit_type }, { "hits", load_hit },
		{ "workers", load_worker },	{ "assignments", load_assignment },
		{ "bonuses", load_bonus },	{ "qualification_types", load_qualification_type },
		{ "notifications", load_message },
	};

	if (load_account(books, json_get_object(json, "account")) < 0)
		return err_set(err, ERR_FORMAT, "these are no books of mturk-sim: \"account\" is missing or broken");
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct json_object *list = json_get_array(json, lists[i].name);

		for (size_t j = 0; list && j < json_object_array_length(list); j++) {
			if (lists[i].load(books, json_object_array_get_idx(list, j)) < 0)
				return err_set(err, ERR_FORMAT, "\"%s\": number %zu is broken", lists[i].name, j + 1);
		}
		if (!list)
			return err_set(err, ERR_FORMAT, "\"%s\" is missing", lists[i].name);
	}
	if (load_tokens(books, json) < 0)
		return err_set(err, ERR_FORMAT, "\"tokens\" is missing or broken");
	books->next_due_ms = 0;
	return 0;
}

static char *read_all(const char *path, size_t *len, struct err *err)
{
	FILE *in = fopen(path, "re");
	struct stat info;
	char *text = NULL;

	if (!in) {
		(void)err_set(err, ERR_FILE, "cannot read \"%s\": %s", path, strerror(errno));
		return NULL;
	}
	if (fstat(fileno(in), &info) == 0 && S_ISREG(info.st_mode) && info.st_size < FILE_MAX_BYTES)
		text = malloc((size_t)info.st_size + 1);
	if (text)
		*len = fread(text, 1, (size_t)info.st_size, in);
	else
		(void)err_set(err, ERR_FILE, "\"%s\" is no file, or is too large", path);
	(void)fclose(in);
	return text;
}

int snapshot_read_file(struct books *books, const char *path, struct err *err)
{
	struct json_object *json;
	size_t len = 0;
	char *text;
	int result;

	if (access(path, F_OK) < 0)
		return 0;
	text = read_all(path, &len, err);
	if (!text)
		return -1;
	json = json_parse(text, len, err);
	free(text);
	result = json ? snapshot_load(books, json, err) : -1;
	json_object_put(json);
	return result < 0 ? err_prefix(err, "\"%s\"", path) : 0;
}

int snapshot_write_file(const struct books *books, const char *path, struct err *err)
{
	struct json_object *json = snapshot_json(books, NULL);
	char fresh[4096];
	int result = -1, fd;

	if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", path) >= sizeof(fresh)) {
		json_object_put(json);
		return err_set(err, ERR_FILE, "the path \"%.100s…\" is too long", path);
	}
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		result = json_object_to_fd(fd, json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		if (fsync(fd) < 0)
			result = -1;
		(void)close(fd);
	}
	json_object_put(json);
	if (result < 0 || rename(fresh, path) < 0)
		return err_set(err, ERR_FILE, "cannot write \"%s\": %s", path, strerror(errno));
	return 0;
}
