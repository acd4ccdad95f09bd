/* SPDX-License-Identifier: MIT
 *
 * [import] results_file, nodegame-mturk's option -r: what is loaded when the daemon starts.
 */
#ifndef NGMT_FIRST_LOAD_H
#define NGMT_FIRST_LOAD_H

#include "config.h"
#include "ledger.h"
#include "loads.h"

/* Loads the configured file, if there is one and the working set is empty; what somebody has loaded stays. The log says
 * what came of it, in a later turn; a file that cannot be read keeps no daemon from its work. */
void first_load_begin(struct loads *loads, struct ledger *ledger, const struct config *config);

#endif
