/* SPDX-License-Identifier: MIT
 *
 * The deadly points. NGMT_POINT in the environment says where the process ends itself, as by kill -9:
 *
 *	NAME:N             at the Nth passing of that point (points.def)
 *	random:SEED:ONE_IN at any passing, one in so many; the same seed chooses the same passings
 *
 * Its last words on stderr name the point. With NGMT_POWER_LOSS (power.h) the power fails, too.
 */
#include "point.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "power.h"

struct plan {
	const char *name; /* of the point; NULL: any */
	unsigned passing;
	uint64_t seed;
	unsigned one_in;
};

static struct plan wanted;
static unsigned passed;

static const char *name_of(enum point point)
{
	static const struct {
		enum point point;
		const char *name;
	} names[] = {
#define POINT(symbol, number, name, sentence) { symbol, name },
#include "points.def"
#undef POINT
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].point == point)
			return names[i].name;
	return "?";
}

static bool is_name(const char *name)
{
#define POINT(symbol, number, known, sentence) || strcmp(name, known) == 0
	return false
#include "points.def"
		;
#undef POINT
}

static unsigned read_number(const char *text)
{
	char *end;
	unsigned long number = text ? strtoul(text, &end, 10) : 0;

	return text && end != text && *end == '\0' && number <= UINT32_MAX ? (unsigned)number : 0;
}

static void read_plan(char *text)
{
	char *rest = NULL;
	const char *name = strtok_r(text, ":", &rest);
	const char *first = strtok_r(NULL, ":", &rest);

	if (name && strcmp(name, "random") == 0) {
		wanted.seed = read_number(first);
		wanted.one_in = read_number(strtok_r(NULL, ":", &rest));
	} else if (name && is_name(name)) {
		wanted.name = name;
		wanted.passing = read_number(first);
	}
}

/* Before main(), which is the same as that of ngmtd. */
__attribute__((constructor)) static void look_for_plan(void)
{
	const char *text = getenv("NGMT_POINT");
	char *copy = text ? strdup(text) : NULL;

	if (!copy)
		return;
	read_plan(copy);
	if (wanted.passing == 0 && wanted.one_in == 0) {
		(void)dprintf(STDERR_FILENO, "ngmtd-points: NGMT_POINT=\"%s\" names no point\n", text);
		_exit(2);
	}
	if (!wanted.name) /* else it lies in the copy, as long as the process lives */
		free(copy);
}

/* xorshift64* (Vigna 2016); a seed of 0 would stay 0. */
static bool is_drawn(void)
{
	static uint64_t state;

	if (state == 0)
		state = (wanted.seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % wanted.one_in == 0;
}

static void die(const char *name)
{
	(void)dprintf(STDERR_FILENO, "ngmtd-points: dies at %s, passing %u\n", name, passed);
	power_fail();
	(void)kill(getpid(), SIGKILL);
}

void point_pass(enum point point)
{
	const char *name = name_of(point);

	if (wanted.one_in > 0) {
		passed++;
		if (is_drawn())
			die(name);
	} else if (wanted.name && strcmp(wanted.name, name) == 0 && ++passed == wanted.passing) {
		die(name);
	}
}
