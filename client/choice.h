/* SPDX-License-Identifier: MIT
 *
 * One of a few words: values of options (OPTION_CHOICE), lanes, shells. `choices` are separated by "|".
 */
#ifndef NGMT_CHOICE_H
#define NGMT_CHOICE_H

#include <stdbool.h>

#include "err.h"

bool choice_has(const char *choices, const char *value);

/* -1 with ERR_USAGE if `value` is none of them, the nearest one as hint; `what` says what it should be ("lane",
 * "--state"). Nothing is taken abbreviated. */
int choice_check(const char *what, const char *value, const char *choices, struct err *err);

#endif
