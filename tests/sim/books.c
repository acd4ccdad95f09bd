/* SPDX-License-Identifier: MIT */
#include "books.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "digest.h"
#include "fees.h"

#define OPENING_CENTS 1000000
#define RETRY_UNFUNDED_MS 60000

int books_set_text(char **text, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		return -1;
	free(*text);
	*text = copy;
	return 0;
}

static void hit_type_free(void *item)
{
	struct hit_type *type = item;

	free(type->id);
	free(type->key);
	free(type->title);
	free(type->description);
	free(type->keywords);
	json_object_put(type->requirements);
	free(type);
}

static void list_free(struct array_list *list)
{
	if (list)
		array_list_free(list);
}

static void hit_free(void *item)
{
	struct hit *hit = item;

	free(hit->id);
	free(hit->question);
	free(hit->annotation);
	free(hit->layout_id);
	list_free(hit->assignments);
	list_free(hit->bonuses);
	free(hit);
}

static void worker_free(void *item)
{
	struct worker *worker = item;

	free(worker->id);
	free(worker->block_reason);
	free(worker);
}

static void assignment_free(void *item)
{
	struct assignment *assignment = item;

	free(assignment->id);
	free(assignment->answer);
	free(assignment->code);
	free(assignment->feedback);
	list_free(assignment->bonuses);
	free(assignment);
}

static void bonus_free(void *item)
{
	struct bonus *bonus = item;

	free(bonus->reason);
	free(bonus->token);
	free(bonus);
}

static void qualification_type_free(void *item)
{
	struct qualification_type *type = item;

	free(type->id);
	free(type->name);
	free(type->description);
	free(type->keywords);
	free(type->test);
	free(type->answer_key);
	if (type->by_worker)
		lh_table_free(type->by_worker);
	list_free(type->grants);
	free(type);
}

static void message_free(void *item)
{
	struct message *message = item;

	free(message->subject);
	free(message->text);
	list_free(message->workers);
	list_free(message->failures);
	free(message);
}

static void nothing_free(void *item)
{
	(void)item;
}

static bool make_lists(struct books *books)
{
	books->hit_types = array_list_new(hit_type_free);
	books->hits = array_list_new(hit_free);
	books->assignments = array_list_new(assignment_free);
	books->bonuses = array_list_new(bonus_free);
	books->workers = array_list_new(worker_free);
	books->qualification_types = array_list_new(qualification_type_free);
	books->messages = array_list_new(message_free);
	return books->hit_types && books->hits && books->assignments && books->bonuses && books->workers &&
	       books->qualification_types && books->messages;
}

static bool make_tables(struct books *books)
{
	books->hit_type_by_id = lh_kchar_table_new(64, NULL);
	books->hit_type_by_key = lh_kchar_table_new(64, NULL);
	books->hit_by_id = lh_kchar_table_new(64, NULL);
	books->assignment_by_id = lh_kchar_table_new(1024, NULL);
	books->worker_by_id = lh_kchar_table_new(1024, NULL);
	books->qualification_type_by_id = lh_kchar_table_new(64, NULL);
	return books->hit_type_by_id && books->hit_type_by_key && books->hit_by_id && books->assignment_by_id &&
	       books->worker_by_id && books->qualification_type_by_id;
}

struct books *books_new(void)
{
	struct books *books = calloc(1, sizeof(*books));

	if (!books)
		return NULL;
	books->available_cents = OPENING_CENTS;
	books->next_due_ms = INT64_MAX;
	books->seed = (uint64_t)(clock_random() * 4294967296.0) << 32 | (uint64_t)(clock_random() * 4294967296.0);
	books->tokens = tokens_new();
	if (books->tokens && make_lists(books) && make_tables(books))
		return books;
	books_free(books);
	return NULL;
}

void books_free(struct books *books)
{
	struct lh_table *tables[] = { NULL, NULL, NULL, NULL, NULL, NULL };

	if (!books)
		return;
	tables[0] = books->hit_type_by_id;
	tables[1] = books->hit_type_by_key;
	tables[2] = books->hit_by_id;
	tables[3] = books->assignment_by_id;
	tables[4] = books->worker_by_id;
	tables[5] = books->qualification_type_by_id;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (tables[i])
			lh_table_free(tables[i]);
	}
	list_free(books->bonuses);
	list_free(books->assignments);
	list_free(books->hits);
	list_free(books->hit_types);
	list_free(books->qualification_types);
	list_free(books->messages);
	list_free(books->workers);
	tokens_free(books->tokens);
	free(books);
}

int64_t books_now_ms(const struct books *books)
{
	return clock_wall_ms() + books->clock_offset_ms;
}

const char *books_make_id(struct books *books, char first, char out[BOOKS_ID_MAX])
{
	char text[64], base32[DIGEST_BASE32_MAX];
	uint8_t digest[DIGEST_BYTES];

	(void)snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, books->seed, ++books->ids_made);
	digest_sha256(text, strlen(text), digest);
	(void)snprintf(out, BOOKS_ID_MAX, "%c%.29s", first, digest_base32(digest, base32));
	return out;
}

static void *find(struct lh_table *table, const char *key)
{
	void *found = NULL;

	return lh_table_lookup_ex(table, key, &found) ? found : NULL;
}

struct hit *books_hit(const struct books *books, const char *id)
{
	return find(books->hit_by_id, id);
}

struct hit_type *books_hit_type(const struct books *books, const char *id)
{
	return find(books->hit_type_by_id, id);
}

struct assignment *books_assignment(const struct books *books, const char *id)
{
	return find(books->assignment_by_id, id);
}

struct worker *books_worker(const struct books *books, const char *id)
{
	return find(books->worker_by_id, id);
}

struct qualification_type *books_qualification_type(const struct books *books, const char *id)
{
	struct qualification_type *type = find(books->qualification_type_by_id, id);

	return type && !type->is_deleted ? type : NULL;
}

struct grant *books_grant(const struct qualification_type *type, const char *worker_id)
{
	return find(type->by_worker, worker_id);
}

/* Puts a new entity into its list and table, or frees it: afterwards exactly one owner exists. */
static bool adopt(struct array_list *list, struct lh_table *table, const char *key, void *item,
		  void (*item_free)(void *))
{
	if (key && !find(table, key) && array_list_add(list, item) == 0) {
		if (lh_table_insert(table, key, item) == 0)
			return true;
		(void)array_list_del_idx(list, array_list_length(list) - 1, 1);
		return false;
	}
	item_free(item);
	return false;
}

static char *terms_key(const struct hit_terms *terms)
{
	char *key = NULL;
	int n = asprintf(&key, "%s\n%s\n%s\n%" PRId64 " %" PRId64 " %" PRId64 "\n%s", terms->title,
			 terms->description, terms->keywords ? terms->keywords : "", terms->reward_cents,
			 terms->duration_s, terms->auto_approval_s,
			 terms->requirements ? json_text(terms->requirements, NULL) : "");

	return n < 0 ? NULL : key;
}

struct hit_type *books_add_hit_type(struct books *books, const char *id, const struct hit_terms *terms)
{
	char *key = terms_key(terms), fresh[BOOKS_ID_MAX];
	struct hit_type *type = key ? find(books->hit_type_by_key, key) : NULL;

	if (!type && key)
		type = calloc(1, sizeof(*type));
	if (!type || type->key) {
		free(key);
		return type;
	}
	*type = (struct hit_type){ .key = key,
				   .reward_cents = terms->reward_cents,
				   .duration_s = terms->duration_s,
				   .auto_approval_s = terms->auto_approval_s };
	type->id = strdup(id ? id : books_make_id(books, '3', fresh));
	type->title = strdup(terms->title);
	type->description = strdup(terms->description);
	type->keywords = terms->keywords ? strdup(terms->keywords) : NULL;
	type->requirements = json_object_get(terms->requirements);
	if (!adopt(books->hit_types, books->hit_type_by_id, type->title && type->description ? type->id : NULL, type,
		   hit_type_free))
		return NULL;
	(void)lh_table_insert(books->hit_type_by_key, key, type);
	return type;
}

static void note_due(struct books *books, int64_t due_ms)
{
	if (due_ms < books->next_due_ms)
		books->next_due_ms = due_ms;
}

struct hit *books_add_hit(struct books *books, const char *id, const struct hit_type *type, int64_t max_assignments,
			  int64_t created_ms, int64_t expires_ms)
{
	struct hit *hit = calloc(1, sizeof(*hit));
	char fresh[BOOKS_ID_MAX];

	if (!hit)
		return NULL;
	hit->id = strdup(id ? id : books_make_id(books, '3', fresh));
	hit->type = type;
	hit->max_assignments = max_assignments;
	hit->created_ms = created_ms;
	hit->expires_ms = expires_ms;
	hit->assignments = array_list_new(nothing_free);
	hit->bonuses = array_list_new(nothing_free);
	if (!adopt(books->hits, books->hit_by_id, hit->assignments && hit->bonuses ? hit->id : NULL, hit, hit_free))
		return NULL;
	note_due(books, expires_ms);
	return hit;
}

struct worker *books_add_worker(struct books *books, const char *id)
{
	struct worker *worker = books_worker(books, id);

	if (worker)
		return worker;
	worker = calloc(1, sizeof(*worker));
	if (!worker)
		return NULL;
	worker->id = strdup(id);
	return adopt(books->workers, books->worker_by_id, worker->id, worker, worker_free) ? worker : NULL;
}

struct assignment *books_add_assignment(struct books *books, const char *id, struct hit *hit, struct worker *worker,
					int64_t accepted_ms)
{
	struct assignment *assignment = calloc(1, sizeof(*assignment));
	char fresh[BOOKS_ID_MAX];

	if (!assignment)
		return NULL;
	assignment->id = strdup(id ? id : books_make_id(books, '3', fresh));
	assignment->hit = hit;
	assignment->worker = worker;
	assignment->accepted_ms = accepted_ms;
	if (!adopt(books->assignments, books->assignment_by_id, assignment->id, assignment, assignment_free))
		return NULL;
	if (array_list_add(hit->assignments, assignment) == 0)
		hit->counts[ASSIGNMENT_ACCEPTED]++;
	return assignment;
}

struct bonus *books_add_bonus(struct books *books, struct assignment *assignment, int64_t cents, const char *reason,
			      const char *token, int64_t granted_ms)
{
	struct bonus *bonus = calloc(1, sizeof(*bonus));

	if (!assignment->bonuses)
		assignment->bonuses = array_list_new2(nothing_free, 2);
	if (!bonus || !assignment->bonuses) {
		free(bonus);
		return NULL;
	}
	bonus->assignment = assignment;
	bonus->cents = cents;
	bonus->fee_cents = fee_of_bonus(cents);
	bonus->granted_ms = granted_ms;
	bonus->reason = strdup(reason);
	bonus->token = token ? strdup(token) : NULL;
	if (!bonus->reason || (token && !bonus->token) || array_list_add(books->bonuses, bonus) < 0) {
		bonus_free(bonus);
		return NULL;
	}
	(void)array_list_add(assignment->bonuses, bonus);
	(void)array_list_add(assignment->hit->bonuses, bonus);
	return bonus;
}

struct qualification_type *books_add_qualification_type(struct books *books, const char *id, const char *name,
							int64_t created_ms)
{
	struct qualification_type *type = calloc(1, sizeof(*type));
	char fresh[BOOKS_ID_MAX];

	if (!type)
		return NULL;
	type->id = strdup(id ? id : books_make_id(books, '3', fresh));
	type->name = strdup(name);
	type->grants = array_list_new(free);
	type->by_worker = lh_kchar_table_new(64, NULL);
	type->created_ms = created_ms;
	type->is_active = true;
	type->retry_delay_s = -1;
	type->test_duration_s = -1;
	return adopt(books->qualification_types, books->qualification_type_by_id,
		     type->name && type->grants && type->by_worker ? type->id : NULL, type, qualification_type_free)
		       ? type
		       : NULL;
}

struct grant *books_add_grant(struct qualification_type *type, struct worker *worker)
{
	struct grant *grant = books_grant(type, worker->id);

	if (grant)
		return grant;
	grant = calloc(1, sizeof(*grant));
	if (!grant)
		return NULL;
	grant->worker = worker;
	return adopt(type->grants, type->by_worker, worker->id, grant, free) ? grant : NULL;
}

struct message *books_add_message(struct books *books, const char *subject, const char *text, int64_t sent_ms)
{
	struct message *message = calloc(1, sizeof(*message));

	if (!message)
		return NULL;
	message->sent_ms = sent_ms;
	message->subject = strdup(subject);
	message->text = strdup(text);
	message->workers = array_list_new(free);
	message->failures = array_list_new(free);
	if (message->subject && message->text && message->workers && message->failures &&
	    array_list_add(books->messages, message) == 0)
		return message;
	message_free(message);
	return NULL;
}

static int64_t price_of(const struct hit *hit)
{
	return hit->type->reward_cents + fee_of_reward(hit->type->reward_cents, hit->max_assignments);
}

bool books_can_hold(const struct books *books, const struct hit_type *type, int64_t max_assignments)
{
	int64_t price = type->reward_cents + fee_of_reward(type->reward_cents, max_assignments), total;

	return !__builtin_mul_overflow(price, max_assignments, &total) && total <= books->available_cents;
}

/* For how many assignments money should be on hold: an expired HIT will get no new ones. */
static int64_t due_hold(const struct hit *hit, int64_t now_ms)
{
	if (hit->is_unheld || hit->is_disposed)
		return 0;
	if (now_ms >= hit->expires_ms)
		return hit->counts[ASSIGNMENT_ACCEPTED] + hit->counts[ASSIGNMENT_SUBMITTED];
	return hit->max_assignments - hit->counts[ASSIGNMENT_APPROVED] - hit->counts[ASSIGNMENT_REJECTED];
}

int books_hold(struct books *books, struct hit *hit, int64_t now_ms)
{
	int64_t wanted = due_hold(hit, now_ms), change;

	if (__builtin_mul_overflow(wanted - hit->held, price_of(hit), &change) || change > books->available_cents)
		return -1;
	books->available_cents -= change;
	books->on_hold_cents += change;
	hit->held = wanted;
	if (now_ms < hit->expires_ms)
		note_due(books, hit->expires_ms);
	return 0;
}

static void move_state(struct assignment *assignment, enum assignment_state state)
{
	assignment->hit->counts[assignment->state]--;
	assignment->hit->counts[state]++;
	assignment->state = state;
}

void books_submit(struct books *books, struct assignment *assignment, int64_t now_ms)
{
	move_state(assignment, ASSIGNMENT_SUBMITTED);
	assignment->worker->submitted++;
	assignment->submitted_ms = now_ms;
	assignment->auto_approval_ms = now_ms + assignment->hit->type->auto_approval_s * 1000;
	note_due(books, assignment->auto_approval_ms);
}

int books_approve(struct books *books, struct assignment *assignment, int64_t now_ms)
{
	struct hit *hit = assignment->hit;
	int64_t price = price_of(hit);

	/* What was rejected has released its hold, so an overriding approval needs fresh money. */
	if (hit->held > 0 && assignment->state == ASSIGNMENT_SUBMITTED) {
		hit->held--;
		books->on_hold_cents -= price;
	} else if (books->available_cents >= price) {
		books->available_cents -= price;
	} else {
		return -1;
	}
	books->rewards_cents += hit->type->reward_cents;
	books->fees_cents += price - hit->type->reward_cents;
	move_state(assignment, ASSIGNMENT_APPROVED);
	assignment->approvals++;
	assignment->approved_ms = now_ms;
	return 0;
}

void books_reject(struct books *books, struct assignment *assignment, int64_t now_ms)
{
	move_state(assignment, ASSIGNMENT_REJECTED);
	assignment->rejections++;
	assignment->rejected_ms = now_ms;
	(void)books_hold(books, assignment->hit, now_ms);
}

int books_pay_bonus(struct books *books, int64_t cents)
{
	int64_t fee = fee_of_bonus(cents);

	if (cents > books->available_cents - fee)
		return -1;
	books->available_cents -= cents + fee;
	books->bonuses_cents += cents;
	books->fees_cents += fee;
	return 0;
}

static bool is_decided(const struct assignment *assignment)
{
	return assignment->state == ASSIGNMENT_APPROVED || assignment->state == ASSIGNMENT_REJECTED;
}

static void settle_assignment(struct books *books, struct assignment *assignment, int64_t now_ms)
{
	if (assignment->state != ASSIGNMENT_SUBMITTED)
		return;
	if (assignment->auto_approval_ms <= now_ms) {
		if (books_approve(books, assignment, assignment->auto_approval_ms) == 0) {
			assignment->is_auto_approved = true;
			return;
		}
		assignment->auto_approval_ms = now_ms + RETRY_UNFUNDED_MS;
	}
	note_due(books, assignment->auto_approval_ms);
}

static void settle_hit(struct books *books, struct hit *hit, int64_t now_ms)
{
	size_t n = array_list_length(hit->assignments);

	while (hit->first_open < n && is_decided(array_list_get_idx(hit->assignments, hit->first_open)))
		hit->first_open++;
	for (size_t i = hit->first_open; i < n; i++)
		settle_assignment(books, array_list_get_idx(hit->assignments, i), now_ms);
	if (hit->is_disposed)
		return;
	if (now_ms < hit->expires_ms)
		note_due(books, hit->expires_ms);
	else if (due_hold(hit, now_ms) < hit->held && books_hold(books, hit, now_ms) == 0)
		return;
}

void books_settle(struct books *books, int64_t now_ms)
{
	if (now_ms < books->next_due_ms)
		return;
	books->next_due_ms = INT64_MAX;
	for (size_t i = 0; i < array_list_length(books->hits); i++)
		settle_hit(books, array_list_get_idx(books->hits, i), now_ms);
}

int64_t hit_available(const struct hit *hit)
{
	return hit->max_assignments - hit->counts[ASSIGNMENT_ACCEPTED] - hit->counts[ASSIGNMENT_SUBMITTED] -
	       hit->counts[ASSIGNMENT_APPROVED] - hit->counts[ASSIGNMENT_REJECTED];
}

const char *hit_status(const struct hit *hit, int64_t now_ms)
{
	if (hit->is_disposed)
		return "Disposed";
	if (now_ms < hit->expires_ms && hit_available(hit) > 0)
		return "Assignable";
	return hit->counts[ASSIGNMENT_ACCEPTED] > 0 ? "Unassignable" : "Reviewable";
}

const char *assignment_status(const struct assignment *assignment)
{
	static const char *const names[] = { "Accepted", "Submitted", "Approved", "Rejected" };

	return names[assignment->state];
}
