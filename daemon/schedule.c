/* SPDX-License-Identifier: MIT */
#include "schedule.h"

#include <stdlib.h>

static bool is_before(const struct due *a, const struct due *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->id < b->id;
}

static void swap(struct due *a, struct due *b)
{
	struct due kept = *a;

	*a = *b;
	*b = kept;
}

static int grow(struct schedule *schedule, struct err *err)
{
	size_t capacity = schedule->capacity ? 2 * schedule->capacity : 64;
	struct due *heap = reallocarray(schedule->heap, capacity, sizeof(*heap));

	if (!heap)
		return err_set(err, ERR_INTERNAL, "out of memory");
	schedule->heap = heap;
	schedule->capacity = capacity;
	return 0;
}

int schedule_add(struct schedule *schedule, struct due due, struct err *err)
{
	size_t i = schedule->count;

	if (schedule->count == schedule->capacity && grow(schedule, err) < 0)
		return -1;
	schedule->heap[i] = due;
	schedule->count++;
	while (i > 0 && is_before(&schedule->heap[i], &schedule->heap[(i - 1) / 2])) {
		swap(&schedule->heap[i], &schedule->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	return 0;
}

static void sink(struct schedule *schedule, size_t i)
{
	for (;;) {
		size_t least = i, left = 2 * i + 1, right = left + 1;

		if (left < schedule->count && is_before(&schedule->heap[left], &schedule->heap[least]))
			least = left;
		if (right < schedule->count && is_before(&schedule->heap[right], &schedule->heap[least]))
			least = right;
		if (least == i)
			return;
		swap(&schedule->heap[i], &schedule->heap[least]);
		i = least;
	}
}

bool schedule_take(struct schedule *schedule, int64_t now_ms, struct due *out)
{
	if (schedule->count == 0 || schedule->heap[0].at_ms > now_ms)
		return false;
	*out = schedule->heap[0];
	schedule->heap[0] = schedule->heap[--schedule->count];
	sink(schedule, 0);
	return true;
}

int64_t schedule_delay_ms(const struct schedule *schedule, int64_t now_ms)
{
	if (schedule->count == 0)
		return -1;
	return schedule->heap[0].at_ms > now_ms ? schedule->heap[0].at_ms - now_ms : 0;
}

void schedule_sooner(int64_t *wait_ms, int64_t delay_ms)
{
	if (delay_ms >= 0 && (*wait_ms < 0 || delay_ms < *wait_ms))
		*wait_ms = delay_ms;
}

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

void schedule_hurry(struct schedule *schedule, const int64_t *ids, size_t count, int64_t now_ms)
{
	bool is_changed = false;

	for (size_t i = 0; count > 0 && i < schedule->count; i++) {
		struct due *due = &schedule->heap[i];

		if (due->at_ms <= now_ms || !bsearch(&due->id, ids, count, sizeof(*ids), compare_ids))
			continue;
		due->at_ms = now_ms;
		is_changed = true;
	}
	for (size_t i = schedule->count / 2; is_changed && i-- > 0;)
		sink(schedule, i);
}

void schedule_finish(struct schedule *schedule)
{
	free(schedule->heap);
	*schedule = (struct schedule){ 0 };
}
