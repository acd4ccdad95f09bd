/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "control.h"
#include "money.h"

#define COUNT_MAX 100000

static bool is_id(const char *text, bool is_worker)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	return n > 0 && n <= 64 && text[n] == '\0' && (!is_worker || (text[0] == 'A' && n > 1));
}

/* One piece of work, from a list's item with the whole request as its default. */
struct piece {
	struct hit *hit;
	const char *assignment_id; /* NULL: a fresh one */
	const char *worker_id;	   /* NULL: a new worker */
	const char *answer;
	const char *code;
	bool is_submitted;
};

static int read_piece(const struct control *control, struct json_object *item, struct piece *piece)
{
	const char *hit_id = NULL;

	(void)json_get_text(control->input, "hit", &hit_id);
	(void)json_get_text(control->input, "answer", &piece->answer);
	(void)json_get_text(control->input, "code", &piece->code);
	if (json_object_is_type(item, json_type_string)) {
		piece->worker_id = json_object_get_string(item);
	} else if (item) {
		(void)json_get_text(item, "hit", &hit_id);
		(void)json_get_text(item, "answer", &piece->answer);
		(void)json_get_text(item, "code", &piece->code);
		(void)json_get_text(item, "assignment", &piece->assignment_id);
		(void)json_get_text(item, "worker", &piece->worker_id);
	}
	if (!hit_id)
		return err_set(control->err, ERR_USAGE, "\"hit\" is missing: whose assignment is it?");
	piece->hit = books_hit(control->sim->books, hit_id);
	if (!piece->hit)
		return err_set(control->err, ERR_NOT_FOUND, "there is no HIT \"%.64s\"", hit_id);
	if (piece->assignment_id && !is_id(piece->assignment_id, false))
		return err_set(control->err, ERR_USAGE, "\"%.64s\" is no assignment id", piece->assignment_id);
	if (piece->worker_id && !is_id(piece->worker_id, true))
		return err_set(control->err, ERR_USAGE, "\"%.64s\" is no worker id", piece->worker_id);
	return 0;
}

static struct assignment *begin(struct control *control, const struct piece *piece, int64_t now_ms)
{
	struct books *books = control->sim->books;
	char fresh[BOOKS_ID_MAX];
	struct assignment *assignment = NULL;
	struct worker *worker;

	if (strcmp(hit_status(piece->hit, now_ms), "Assignable") != 0) {
		(void)err_set(control->err, ERR_STATE,
			      "HIT \"%s\" takes no more workers: it is full, expired or deleted", piece->hit->id);
		return NULL;
	}
	worker = books_add_worker(books, piece->worker_id ? piece->worker_id : books_make_id(books, 'A', fresh));
	if (worker)
		assignment = books_add_assignment(books, piece->assignment_id, piece->hit, worker, now_ms);
	if (!assignment)
		(void)err_set(control->err, ERR_STATE, "assignment \"%s\" exists already",
			      piece->assignment_id ? piece->assignment_id : "");
	return assignment;
}

static int do_piece(struct control *control, const struct piece *piece, struct json_object *list)
{
	int64_t now_ms = books_now_ms(control->sim->books);
	struct assignment *assignment;
	struct json_object *json;

	assignment = piece->assignment_id ? books_assignment(control->sim->books, piece->assignment_id) : NULL;
	if (!assignment || assignment->state != ASSIGNMENT_ACCEPTED || !piece->is_submitted)
		assignment = begin(control, piece, now_ms);
	if (!assignment)
		return -1;
	if (piece->is_submitted) {
		if (books_set_text(&assignment->answer, piece->answer) < 0 ||
		    books_set_text(&assignment->code, piece->code) < 0)
			return err_set(control->err, ERR_INTERNAL, "out of memory");
		books_submit(control->sim->books, assignment, now_ms);
	}
	json = json_object_new_object();
	json_put_text(json, "assignment", assignment->id);
	json_put_text(json, "worker", assignment->worker->id);
	json_put_text(json, "hit", assignment->hit->id);
	(void)json_object_array_add(list, json);
	return 0;
}

static int work(struct control *control, bool is_submitted)
{
	struct json_object *items = json_get_array(control->input, "assignments"), *list = json_object_new_array();
	int64_t count = 1;

	if (!items)
		items = json_get_array(control->input, "workers");
	(void)json_get_int(control->input, "count", &count);
	if (items)
		count = (int64_t)json_object_array_length(items);
	json_put_value(control->output, "assignments", list);
	if (count < 0 || count > COUNT_MAX)
		return err_set(control->err, ERR_USAGE, "at most %d assignments at once", COUNT_MAX);
	for (int64_t i = 0; i < count; i++) {
		struct piece piece = { .is_submitted = is_submitted };
		struct json_object *item = items ? json_object_array_get_idx(items, (size_t)i) : NULL;

		if (read_piece(control, item, &piece) < 0 || do_piece(control, &piece, list) < 0)
			return err_prefix(control->err, "number %" PRId64 " (those before it are done)", i + 1);
	}
	return 0;
}

int control_submit(struct control *control)
{
	return work(control, true);
}

int control_accept(struct control *control)
{
	return work(control, false);
}

struct hit_order {
	struct hit_terms terms;
	const char *id;
	int64_t max_assignments;
	int64_t lifetime_s;
	bool is_held;
};

static bool is_between(int64_t value, int64_t min, int64_t max)
{
	return value >= min && value <= max;
}

static int read_order(const struct control *control, struct hit_order *order)
{
	const char *reward = "1.00";

	*order = (struct hit_order){ .max_assignments = 100, .lifetime_s = 604800, .is_held = true };
	order->terms.title = "Rehearsal";
	order->terms.description = "A rehearsal";
	order->terms.duration_s = 3600;
	order->terms.auto_approval_s = 2592000;
	(void)json_get_text(control->input, "hit", &order->id);
	(void)json_get_text(control->input, "title", &order->terms.title);
	(void)json_get_text(control->input, "description", &order->terms.description);
	(void)json_get_text(control->input, "reward", &reward);
	(void)json_get_int(control->input, "max_assignments", &order->max_assignments);
	(void)json_get_int(control->input, "lifetime_s", &order->lifetime_s);
	(void)json_get_int(control->input, "duration_s", &order->terms.duration_s);
	(void)json_get_int(control->input, "auto_approval_s", &order->terms.auto_approval_s);
	(void)json_get_bool(control->input, "held", &order->is_held);
	if (order->id && (!is_id(order->id, false) || books_hit(control->sim->books, order->id)))
		return err_set(control->err, ERR_USAGE, "\"%.64s\" is no HIT id, or is taken", order->id);
	if (!is_between(order->max_assignments, 1, 1000000000) || !is_between(order->lifetime_s, 0, 31536000) ||
	    !is_between(order->terms.duration_s, 0, 31536000) ||
	    !is_between(order->terms.auto_approval_s, 0, 2592000))
		return err_set(control->err, ERR_USAGE, "a number is out of range");
	return money_parse(reward, &order->terms.reward_cents, control->err);
}

static struct hit *make_hit(const struct control *control, const struct hit_order *order, const struct hit_type *type)
{
	struct books *books = control->sim->books;
	int64_t now_ms = books_now_ms(books);
	const char *annotation = NULL;
	struct hit *hit;

	hit = books_add_hit(books, order->id, type, order->max_assignments, now_ms, now_ms + order->lifetime_s * 1000);
	if (!hit)
		return NULL;
	hit->is_unheld = !order->is_held;
	(void)json_get_text(control->input, "annotation", &annotation);
	return books_set_text(&hit->annotation, annotation) < 0 || books_hold(books, hit, now_ms) < 0 ? NULL : hit;
}

int control_hit(struct control *control)
{
	const struct hit_type *type;
	struct hit_order order;
	struct hit *hit;

	if (read_order(control, &order) < 0)
		return -1;
	type = books_add_hit_type(control->sim->books, NULL, &order.terms);
	if (type && order.is_held && !books_can_hold(control->sim->books, type, order.max_assignments))
		return err_set(control->err, ERR_FUNDS, "the available balance does not cover the HIT");
	hit = type ? make_hit(control, &order, type) : NULL;
	if (!hit)
		return err_set(control->err, ERR_INTERNAL, "out of memory");
	json_put_text(control->output, "hit", hit->id);
	json_put_text(control->output, "type", hit->type->id);
	return 0;
}
