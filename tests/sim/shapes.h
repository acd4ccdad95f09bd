/* SPDX-License-Identifier: MIT
 *
 * The shapes of requests: what the API's model allows (shapes.def) and what its reference says beyond the model
 * (limits.def). Pure: text and JSON in, a verdict out.
 */
#ifndef SIM_SHAPES_H
#define SIM_SHAPES_H

#include "json.h"

enum shape_verdict {
	SHAPE_FITS,
	SHAPE_UNREADABLE, /* a wrong JSON type: SerializationException */
	SHAPE_INVALID,    /* a broken constraint of the model: ValidationException */
	SHAPE_OUT_OF_RANGE, /* beyond the reference's limits: ParameterValidationError */
};

/* Judges the input of `operation`. Unless it fits, *text is Amazon's own sentence, which the caller frees (NULL if
 * memory ran out). Members that the model does not know are ignored, as Amazon ignores them. */
enum shape_verdict shapes_check(const char *operation, struct json_object *input, char **text);

/* The table as one JSON object {types: {...}, operations: {...}, limits: [...]}; `operations` maps each of the `count`
 * names to its members. The caller puts it. */
struct json_object *shapes_json(const char *const *operations, size_t count);

#endif
