/* SPDX-License-Identifier: MIT */
#include "operation.h"

#include <stdlib.h>
#include <string.h>

#include "shapes.h"

const struct operation operations[] = {
#define OPERATION(name, function) { #name, function },
#include "operations.def"
#undef OPERATION
};

const size_t operation_count = sizeof(operations) / sizeof(operations[0]);

static int compare_name(const void *key, const void *item)
{
	return strcmp(key, ((const struct operation *)item)->name);
}

const struct operation *operation_find(const char *name)
{
	return bsearch(name, operations, operation_count, sizeof(operations[0]), compare_name);
}

static bool check_input(const struct operation *operation, struct call *call)
{
	enum shape_verdict verdict;
	char *text = NULL;

	if (!json_object_is_type(call->input, json_type_object)) {
		call_refuse_framework(call, "SerializationException", "Unexpected field type");
		return false;
	}
	verdict = shapes_check(operation->name, call->input, &text);
	if (verdict == SHAPE_UNREADABLE)
		call_refuse_framework(call, "SerializationException", text);
	else if (verdict == SHAPE_INVALID)
		call_refuse_framework(call, "ValidationException", text);
	else if (verdict == SHAPE_OUT_OF_RANGE)
		call_refuse_sentence(call, "ParameterValidationError", "InvalidParameterValue", text ? text : "");
	free(text);
	return verdict == SHAPE_FITS;
}

void operation_run(const struct operation *operation, struct call *call, const char *body, size_t body_len)
{
	call->status = 200;
	call->error_type = NULL;
	call->input = json_parse(body, body_len, NULL);
	call->output = json_object_new_object();
	if (!call->input)
		call_refuse_framework(call, "SerializationException", NULL);
	else if (check_input(operation, call))
		operation->run(call);
	json_object_put(call->input);
	call->input = NULL;
}
