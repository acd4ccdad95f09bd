/* SPDX-License-Identifier: MIT
 *
 * Imports in a test: turn after turn, each with its commit as the daemon has it, until there is nothing to do. Include
 * after ledger_fixture.h.
 */
#ifndef NGMT_IMPORTS_FIXTURE_H
#define NGMT_IMPORTS_FIXTURE_H

#include "imports.h"

#define HEADER "id,WorkerId,AssignmentId,HITId,bonus,Approve,Reject\n"

/* What became of one import. */
struct outcome {
	bool is_done;
	bool has_failed;
	struct imported imported;
	struct err err;
};

static inline void on_done(void *arg, const struct imported *imported, const struct err *err)
{
	struct outcome *outcome = arg;

	assert_false(outcome->is_done);
	assert_true(!imported != !err);
	outcome->is_done = true;
	outcome->has_failed = err != NULL;
	if (imported)
		outcome->imported = *imported;
	else
		outcome->err = *err;
}

/* Until there is nothing more to do, removals too; at the end of each turn its commit. */
static inline void run_imports(struct book *book, struct imports *imports)
{
	struct err err;
	bool more;

	do {
		more = imports_pump(imports);
		if (!imports_may_wait(imports))
			book_must(ledger_commit(book->ledger, &err), &err);
	} while (more);
}

static inline struct imports *make_imports(struct book *book, struct loop **loop, const struct config *config)
{
	struct imports *imports;
	struct err err;

	*loop = loop_new(&err);
	assert_non_null(*loop);
	imports = imports_new(*loop, book->ledger, config, &err);
	if (!imports)
		fail_msg("%s", err.message);
	return imports;
}

static inline int import_once(struct book *book, const struct import_request *request, const struct config *config,
			  struct imported *out, struct err *err)
{
	struct outcome outcome = { .is_done = false };
	struct loop *loop;
	struct imports *imports = make_imports(book, &loop, config);

	book_must(imports_add(imports, request, on_done, &outcome, err), err);
	assert_false(outcome.is_done);
	run_imports(book, imports);
	assert_true(outcome.is_done);
	imports_free(imports);
	loop_free(loop);
	*err = outcome.err;
	*out = outcome.imported;
	return outcome.has_failed ? -1 : 0;
}

#endif
