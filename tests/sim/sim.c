/* SPDX-License-Identifier: MIT */
#include "sim.h"

#include <stdlib.h>

#include "operation.h"

int sim_init(struct sim *sim)
{
	*sim = (struct sim){ .skew_ms = 0 };
	sim->books = books_new();
	sim->record = record_new();
	sim->tallies = calloc(operation_count + 1, sizeof(*sim->tallies));
	if (sim->books && sim->record && sim->tallies)
		return 0;
	sim_finish(sim);
	return -1;
}

void sim_finish(struct sim *sim)
{
	books_free(sim->books);
	record_free(sim->record);
	free(sim->tallies);
	gate_finish(&sim->gate);
	faults_finish(&sim->faults);
}
