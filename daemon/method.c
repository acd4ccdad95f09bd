/* SPDX-License-Identifier: MIT */
#include "method.h"

#include <string.h>

#include "suggest.h"

static const struct method methods[] = {
#define METHOD(name, access, function) { name, access, function },
#include "methods.def"
#undef METHOD
};

const struct method *method_find(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

const char *method_suggest(const char *name)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		suggest_offer(&suggest, methods[i].name);
	return suggest.best;
}
