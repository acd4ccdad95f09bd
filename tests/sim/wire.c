/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "operation.h"
#include "sim.h"

#define TARGET_PREFIX "MTurkRequesterServiceV20170117."

static void make_request_id(struct sim *sim, struct reply *reply)
{
	char text[64], hex[DIGEST_HEX_MAX];
	uint8_t digest[DIGEST_BYTES];

	(void)snprintf(text, sizeof(text), "%" PRIu64 " reply %" PRIu64, sim->books->seed, ++sim->reply_count);
	digest_sha256(text, strlen(text), digest);
	(void)digest_hex(digest, hex);
	(void)snprintf(reply->request_id, sizeof(reply->request_id), "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8,
		       hex + 12, hex + 15, hex + 18);
}

static const struct operation *find_target(const struct request *request)
{
	const char *target = request_header(request, "X-Amz-Target");

	if (!target || strncmp(target, TARGET_PREFIX, strlen(TARGET_PREFIX)) != 0)
		return NULL;
	return operation_find(target + strlen(TARGET_PREFIX));
}

static void count_rate(struct sim *sim, bool throttled)
{
	int64_t second = clock_mono_ms() / 1000;
	struct rate *rate = &sim->rates[second % SIM_RATE_SECONDS];

	if (rate->second != second)
		*rate = (struct rate){ .second = second };
	if (throttled)
		rate->throttled++;
	else
		rate->accepted++;
}

/* What stands before the service: the gate and the throttle. */
static bool is_admitted(struct sim *sim, const struct operation *operation, const struct request *request,
			struct call *call, struct tally *tally)
{
	const char *type;
	char *message = NULL;
	bool admitted = false;

	if (!operation) {
		call_refuse_framework(call, "UnknownOperationException", NULL);
		return false;
	}
	type = gate_refusal(&sim->gate, request, (clock_wall_ms() + sim->skew_ms) / 1000, &message);
	if (type) {
		call_refuse_framework(call, type, message);
	} else if (!bucket_take(&sim->bucket, clock_mono_ms())) {
		tally->throttled++;
		count_rate(sim, true);
		call_refuse_framework(call, "ThrottlingException", "Rate exceeded");
	} else {
		count_rate(sim, false);
		admitted = true;
	}
	free(message);
	return admitted;
}

static void take_output(struct call *call, struct reply *reply)
{
	const char *text;
	size_t len = 0;

	text = json_text(call->output, &len);
	reply->status = call->status;
	(void)snprintf(reply->content_type, sizeof(reply->content_type), "application/x-amz-json-1.1");
	reply->body = strdup(text ? text : "{}");
	reply->body_len = reply->body ? len : 0;
	json_object_put(call->output);
	call->output = NULL;
}

static bool serve(struct sim *sim, const struct operation *operation, const struct request *request,
		  struct call *call, const struct fault *fault)
{
	if (fault && !fault->executes) {
		call->output = json_object_new_object();
		return false;
	}
	books_settle(sim->books, call->now_ms);
	operation_run(operation, call, request->body, request->body_len);
	return true;
}

void wire_answer(struct sim *sim, const struct request *request, struct reply *reply)
{
	const struct operation *operation = find_target(request);
	struct tally *tally = &sim->tallies[operation ? (size_t)(operation - operations) : operation_count];
	struct call call = { .books = sim->books, .now_ms = books_now_ms(sim->books), .status = 200 };
	const struct fault *fault = NULL;
	bool is_executed = false;

	make_request_id(sim, reply);
	reply->date_s = (clock_wall_ms() + sim->skew_ms) / 1000;
	tally->calls++;
	if (is_admitted(sim, operation, request, &call, tally)) {
		fault = faults_match(&sim->faults, operation->name, request->body, request->body_len);
		is_executed = serve(sim, operation, request, &call, fault);
	}
	if (fault)
		tally->faulted++;
	if (call.error_type)
		tally->refused++;
	else if (is_executed)
		tally->succeeded++;
	take_output(&call, reply);
	if (fault)
		fault_apply(fault, reply);
	record_add(sim->record, request, operation ? operation->name : "", clock_wall_ms(), reply->status,
		   call.error_type ? call.error_type : "", fault ? fault_name(fault) : "", is_executed);
}
