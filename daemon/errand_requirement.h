/* SPDX-License-Identifier: MIT
 *
 * What a HIT asks of its workers: one element of the list "qualifications" of its definition. Pure.
 */
#ifndef NGMT_ERRAND_REQUIREMENT_H
#define NGMT_ERRAND_REQUIREMENT_H

#include "json.h"

#define ERRAND_REQUIREMENTS_MAX 10

/* Checks one, which `path` names in messages. ERR_USAGE. */
int errand_requirement_check(struct json_object *requirement, const char *path, struct err *err);

/* Whether "type" is the word for the qualification type that is selected, or for the platform's best workers. */
bool errand_requirement_is_selected(struct json_object *requirement);
bool errand_requirement_is_masters(struct json_object *requirement);

#endif
