/* SPDX-License-Identifier: MIT */
#include "reconcile_report.h"

#include <string.h>

#include "money.h"
#include "protocol.h"

/* A reply has a largest size; a page ends before it. */
#define PAGE_BYTES_MAX (PROTOCOL_REPLY_MAX / 2)

static struct json_object *list_others(const struct reconcile_judgement *judgement)
{
	struct json_object *also = json_object_new_array();

	for (unsigned finding = 0; finding < FINDINGS; finding++)
		if ((judgement->found & (1U << finding)) && finding != (unsigned)judgement->finding)
			(void)json_object_array_add(also,
						    json_object_new_string(finding_name((enum finding)finding)));
	return also;
}

static void add_sums(struct reconcile_sums *sums, const struct reconcile_sums *more)
{
	(void)money_add(&sums->file_minor, more->file_minor);
	(void)money_add(&sums->ledger_minor, more->ledger_minor);
	(void)money_add(&sums->ledger_fees_minor, more->ledger_fees_minor);
	(void)money_add(&sums->platform_minor, more->platform_minor);
	(void)money_add(&sums->reward_minor, more->reward_minor);
}

static void count(struct reconcile_totals *totals, const struct reconcile_gathered *gathered,
		  const struct reconcile_judgement *judgement, int64_t difference_minor)
{
	struct reconcile_total *total = &totals->by_finding[judgement->finding];

	total->rows++;
	total->differing += !judgement->agrees;
	add_sums(&total->sums, &gathered->sums);
	(void)money_add(&total->difference_minor, difference_minor);
	totals->auto_approved += judgement->is_auto_approved;
}

int reconcile_report_line(const struct reconcile_asking *asking, const struct reconcile_key *key,
			  struct reconcile_totals *totals, struct err *err)
{
	struct reconcile_judgement judgement;
	struct reconcile_gathered gathered = { 0 };
	int64_t difference_minor;
	int result;

	if (reconcile_gather(asking, key, &gathered, err) < 0)
		return -1;
	if (gathered.is_none_of_ours) {
		json_object_put(gathered.described);
		return reconcile_remove_line(asking->ledger, key->id, err);
	}
	reconcile_judge(&gathered.line, &judgement);
	difference_minor = gathered.sums.platform_minor - judgement.due_minor;
	json_put_text(gathered.described, "finding", finding_name(judgement.finding));
	json_put_value(gathered.described, "also", list_others(&judgement));
	json_put_bool(gathered.described, "agrees", judgement.agrees);
	json_put_text(gathered.described, "why", judgement.why);
	json_put_int(gathered.described, "difference_cents", difference_minor);
	count(totals, &gathered, &judgement, difference_minor);
	result = reconcile_put_line(asking->ledger, key->id, judgement.agrees, json_text(gathered.described, NULL),
				    err);
	json_object_put(gathered.described);
	return result;
}

static void put_sums(struct json_object *out, const struct reconcile_sums *sums, int64_t difference_minor)
{
	json_put_int(out, "file_cents", sums->file_minor);
	json_put_int(out, "ledger_cents", sums->ledger_minor);
	json_put_int(out, "ledger_fees_cents", sums->ledger_fees_minor);
	json_put_int(out, "platform_cents", sums->platform_minor);
	json_put_int(out, "rewards_cents", sums->reward_minor);
	json_put_int(out, "difference_cents", difference_minor);
}

static struct json_object *describe_finding(enum finding finding, const struct reconcile_total *total)
{
	struct json_object *object = json_object_new_object();

	json_put_text(object, "finding", finding_name(finding));
	json_put_int(object, "count", total->rows);
	json_put_int(object, "differing", total->differing);
	json_put_text(object, "what", finding_sentence(finding));
	put_sums(object, &total->sums, total->difference_minor);
	return object;
}

struct json_object *reconcile_report_summary(const struct reconcile_asking *asking, const char *selection, int64_t hits,
					     const struct reconcile_totals *totals)
{
	struct json_object *out = json_object_new_object(), *findings = json_object_new_array();
	struct json_object *money = json_object_new_object();
	struct reconcile_total all = { 0 };

	for (int finding = 0; finding < FINDINGS; finding++) {
		const struct reconcile_total *total = &totals->by_finding[finding];

		if (total->rows == 0)
			continue;
		(void)json_object_array_add(findings, describe_finding((enum finding)finding, total));
		all.rows += total->rows;
		all.differing += total->differing;
		add_sums(&all.sums, &total->sums);
		(void)money_add(&all.difference_minor, total->difference_minor);
	}
	json_put_int(out, "report", asking->scope->report);
	json_put_time(out, "at", asking->asked_at_s);
	json_put_text(out, "selection", selection);
	json_put_int(out, "hits", hits);
	json_put_bool(out, "agrees", all.differing == 0);
	json_put_int(out, "compared", all.rows);
	json_put_int(out, "differing", all.differing);
	json_put_int(out, "auto_approved", totals->auto_approved);
	json_put_value(out, "findings", findings);
	json_put_text(money, "currency", "USD");
	put_sums(money, &all.sums, all.difference_minor);
	json_put_value(out, "money", money);
	return out;
}

struct paging {
	struct json_object *rows;
	size_t bytes;
};

static int on_text(void *arg, const char *text)
{
	struct paging *paging = arg;
	size_t len = strlen(text);
	struct json_object *row = json_parse(text, len, NULL);

	paging->bytes += len;
	(void)json_object_array_add(paging->rows, row ? row : json_object_new_object());
	return paging->bytes > PAGE_BYTES_MAX ? -1 : 0;
}

int reconcile_report_page(struct ledger *ledger, int64_t report, const struct reconcile_params *params,
			  struct json_object *out, struct err *err)
{
	int64_t total = reconcile_count_lines(ledger, report, params->only_differing, err), next;
	struct paging paging = { json_object_new_array(), 0 };

	json_put_value(out, "rows", paging.rows);
	if (total < 0 || reconcile_each_text(ledger, report, params->only_differing, params->offset, params->limit,
					     on_text, &paging, err) < 0)
		return -1;
	next = params->offset + (int64_t)json_object_array_length(paging.rows);
	json_put_int(out, "total", total);
	json_put_value(out, "next_offset", next < total && next > params->offset ? json_object_new_int64(next) : NULL);
	return 0;
}
