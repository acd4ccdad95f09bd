/* SPDX-License-Identifier: MIT
 *
 * The engine with a scripted platform: real ledger, real wire to a server in a child process, and a platform whose
 * judgements the test writes down beforehand. Time is virtual: when nothing is out, it jumps to the next moment at
 * which something is due. Include after <cmocka.h>.
 */
#ifndef NGMT_TEST_QUEUE_ENGINE_H
#define NGMT_TEST_QUEUE_ENGINE_H

#include "http_peer.h"
#include "ledger_fixture.h"
#include "queue.h"

#define SCRIPT_MAX 16
#define ASSIGNMENTS 40
#define TURNS_MAX 20000
#define START_MS INT64_C(1700000000000)

/* JUDGED_DONE is 0: what is not written down succeeds. */
struct fake {
	struct platform platform; /* first */
	struct platform_class class;
	char url[64];
	enum judged writes[SCRIPT_MAX], looks[SCRIPT_MAX];
	unsigned written, looked, reads, judged;
	enum doubt doubt;
	bool no_credentials, unbuildable;
	int64_t available_minor;
	enum assignment_status status;
	int64_t bonuses_listed;
	char created[ID_TEXT_MAX]; /* what is created gets this id; "": the answer does not name it */
	unsigned out_most; /* bonuses and new HITs out at once, the most seen */
	char log[4000];    /* what was asked to be written, in order */
	char tokens[64][DIGEST_BASE32_MAX];
};

struct engine {
	struct book *book;
	struct peer server;
	struct loop *loop;
	struct http *http;
	struct sender *sender;
	struct reader *reader;
	struct surveys *surveys;
	struct queue *queue;
	struct fake fake;
	unsigned turns;
	unsigned moved;
	int64_t until_ms; /* virtual time at which to stop; 0: when nothing is left to do */
};

extern int64_t virtual_ms;

/* How every doubt is to be resolved. */
extern enum doubt fake_doubt_as;

int engine_set_up(void **state);
int engine_tear_down(void **state);
void engine_start(struct engine *engine, bool dry);
void engine_stop(struct engine *engine);

/* Assignment `n` of the HIT that the platform lists; valid until the next call. */
const char *engine_assignment(int n);
int64_t engine_add_bonus(struct engine *engine, int n);
int64_t engine_add_approval(struct engine *engine, int n);
/* Acknowledges the batch and hands it to the queue. */
void engine_add_batch(struct engine *engine);

/* Runs until nothing is left to do, or until engine->until_ms. */
void engine_run(struct engine *engine);
void engine_expect(struct engine *engine, int64_t id, enum op_state state, int64_t attempts);

#define ENGINE_TEST(name) cmocka_unit_test_setup_teardown(name, engine_set_up, engine_tear_down)

#endif
