/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define ATTEMPTS_MAX 6
#define BACKOFF_BASE_MS 500
#define BACKOFF_CAP_MS 10000

struct job {
	struct job *next;
	struct reader *reader;
	struct read read;
	char *subject;
	char *page;
	struct read_sink sink;
	reader_done_fn *done;
	void *arg;
	unsigned attempts;
	int64_t due_ms;
	bool in_flight;
};

struct reader {
	struct loop *loop;
	struct sender *sender;
	struct platform *platform;
	struct job *jobs; /* oldest first */
	unsigned in_a_row;
	bool is_halted;
	struct err why_halted;
};

struct reader *reader_new(struct loop *loop, struct sender *sender, struct platform *platform, struct err *err)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	reader->loop = loop;
	reader->sender = sender;
	reader->platform = platform;
	return reader;
}

static void job_free(struct job *job)
{
	free(job->subject);
	free(job->page);
	free(job);
}

int reader_read(struct reader *reader, const struct read *read, const struct read_sink *sink, reader_done_fn *done,
		void *arg, struct err *err)
{
	struct job *job = calloc(1, sizeof(*job));
	struct job **end = &reader->jobs;

	if (reader->is_halted) {
		free(job);
		*err = reader->why_halted;
		return -1;
	}
	if (job && read->subject)
		job->subject = strdup(read->subject);
	if (job && read->page)
		job->page = strdup(read->page);
	if (!job || (read->subject && !job->subject) || (read->page && !job->page)) {
		if (job)
			job_free(job);
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	job->reader = reader;
	job->read = (struct read){ .kind = read->kind, .subject = job->subject, .page = job->page };
	job->sink = *sink;
	job->done = done;
	job->arg = arg;
	while (*end)
		end = &(*end)->next;
	*end = job;
	loop_wake(reader->loop);
	return 0;
}

/* Takes the job out, tells its owner, frees it. */
static void finish(struct job *job, const struct err *err)
{
	struct job **link = &job->reader->jobs;

	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	job->done(job->arg, err);
	job_free(job);
}

void reader_free(struct reader *reader)
{
	struct err err;

	if (!reader)
		return;
	(void)err_set(&err, ERR_BUSY, "the daemon is stopping");
	while (reader->jobs)
		finish(reader->jobs, &err);
	free(reader);
}

static struct job *find_waiting(const struct reader *reader)
{
	struct job *job = reader->jobs;

	while (job && job->in_flight)
		job = job->next;
	return job;
}

void reader_halt(struct reader *reader, const struct err *why)
{
	struct job *job;

	reader->is_halted = true;
	reader->why_halted = *why;
	while ((job = find_waiting(reader)))
		finish(job, why);
}

static enum err_code code_of(enum judged verdict)
{
	switch (verdict) {
	case JUDGED_NO_ACCESS:
		return ERR_CREDENTIALS;
	case JUDGED_AGAIN:
	case JUDGED_UNKNOWN:
	case JUDGED_CLOCK:
		return ERR_NETWORK;
	case JUDGED_NO_FUNDS:
		return ERR_FUNDS;
	case JUDGED_THROTTLED:
		return ERR_BUSY;
	case JUDGED_DONE:
	case JUDGED_ACCEPTED:
	case JUDGED_NOTHING:
	case JUDGED_LOOK:
	case JUDGED_NOT_YET:
	case JUDGED_REFUSED:
	case JUDGED_PERSON:
		break;
	}
	return ERR_PLATFORM;
}

static bool is_passing(enum judged verdict)
{
	return verdict == JUDGED_AGAIN || verdict == JUDGED_THROTTLED || verdict == JUDGED_UNKNOWN ||
	       verdict == JUDGED_CLOCK;
}

static bool on_answer(void *arg, const struct http_answer *answer)
{
	struct job *job = arg;
	struct platform *platform = job->reader->platform;
	struct judgement judgement;
	struct err err;

	platform->class->judge_read(platform, &job->read, answer, &job->sink, &judgement);
	job->in_flight = false;
	/* "Too fast" says nothing against the question. */
	if (judgement.verdict == JUDGED_THROTTLED && job->attempts > 1)
		job->attempts--;
	if (judgement.verdict == JUDGED_DONE) {
		finish(job, NULL);
	} else if (is_passing(judgement.verdict) && job->attempts < ATTEMPTS_MAX && !job->reader->is_halted) {
		/* A wrong clock is put right by the first answer: no waiting then. */
		job->due_ms = clock_mono_ms() + (judgement.verdict == JUDGED_CLOCK
							 ? 0
							 : throttle_backoff_ms(job->attempts, BACKOFF_BASE_MS,
									       BACKOFF_CAP_MS, clock_random()));
	} else {
		(void)err_set(&err, code_of(judgement.verdict), "%s", judgement.why);
		finish(job, &err);
	}
	return judgement.verdict == JUDGED_THROTTLED;
}

static void send_job(struct job *job)
{
	struct reader *reader = job->reader;
	struct platform_request request;
	struct err err;
	unsigned slot;

	if (reader->platform->class->write_read(reader->platform, &job->read, &request, &err) < 0) {
		finish(job, &err);
		return;
	}
	job->attempts++;
	job->in_flight = true;
	reader->in_a_row++;
	slot = sender_take(reader->sender);
	sender_send(reader->sender, slot, &request, on_answer, job);
	platform_request_finish(&request);
}

int64_t reader_pump(struct reader *reader)
{
	int64_t now_ms = clock_mono_ms(), wait_ms = -1;
	struct job *next;

	for (struct job *job = reader->jobs; job; job = next) {
		int64_t delay_ms = job->due_ms - now_ms;

		next = job->next;
		if (job->in_flight)
			continue;
		if (delay_ms <= 0) {
			delay_ms = sender_delay_ms(reader->sender);
			if (delay_ms < 0)
				return wait_ms;
			if (delay_ms == 0) {
				send_job(job);
				continue;
			}
		}
		if (wait_ms < 0 || delay_ms < wait_ms)
			wait_ms = delay_ms;
	}
	return wait_ms;
}

unsigned reader_in_a_row(const struct reader *reader)
{
	return reader->in_a_row;
}

void reader_yield(struct reader *reader)
{
	reader->in_a_row = 0;
}

unsigned reader_waiting(const struct reader *reader)
{
	unsigned count = 0;

	for (const struct job *job = reader->jobs; job; job = job->next)
		count += !job->in_flight;
	return count;
}

unsigned reader_in_flight(const struct reader *reader)
{
	unsigned count = 0;

	for (const struct job *job = reader->jobs; job; job = job->next)
		count += job->in_flight;
	return count;
}
