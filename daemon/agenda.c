/* SPDX-License-Identifier: MIT */
#include "agenda.h"

#include <stdlib.h>

static void set(struct agenda *agenda, size_t place, struct agenda_item *item)
{
	agenda->heap[place] = item;
	item->place = place;
}

static void rise(struct agenda *agenda, struct agenda_item *item)
{
	size_t place = item->place;

	while (place > 1 && agenda->heap[place / 2]->due_ms > item->due_ms) {
		set(agenda, place, agenda->heap[place / 2]);
		place /= 2;
	}
	set(agenda, place, item);
}

static void sink(struct agenda *agenda, struct agenda_item *item)
{
	size_t place = item->place;

	for (;;) {
		size_t child = 2 * place;

		if (child < agenda->count && agenda->heap[child + 1]->due_ms < agenda->heap[child]->due_ms)
			child++;
		if (child > agenda->count || agenda->heap[child]->due_ms >= item->due_ms)
			break;
		set(agenda, place, agenda->heap[child]);
		place = child;
	}
	set(agenda, place, item);
}

static int make_room(struct agenda *agenda)
{
	struct agenda_item **heap;
	size_t room;

	if (agenda->count + 1 < agenda->room)
		return 0;
	room = agenda->room ? 2 * agenda->room : 64;
	heap = reallocarray(agenda->heap, room, sizeof(struct agenda_item *));
	if (!heap)
		return -1;
	agenda->heap = heap;
	agenda->room = room;
	return 0;
}

int agenda_put(struct agenda *agenda, struct agenda_item *item, int64_t due_ms)
{
	if (item->place == 0) {
		if (make_room(agenda) < 0)
			return -1;
		set(agenda, ++agenda->count, item);
	}
	item->due_ms = due_ms;
	rise(agenda, item);
	sink(agenda, item);
	return 0;
}

void agenda_take(struct agenda *agenda, struct agenda_item *item)
{
	struct agenda_item *last;

	if (item->place == 0)
		return;
	last = agenda->heap[agenda->count--];
	if (last != item) {
		set(agenda, item->place, last);
		rise(agenda, last);
		sink(agenda, last);
	}
	item->place = 0;
}

struct agenda_item *agenda_first(const struct agenda *agenda)
{
	return agenda->count > 0 ? agenda->heap[1] : NULL;
}

void agenda_finish(struct agenda *agenda)
{
	free(agenda->heap);
	*agenda = (struct agenda){ 0 };
}
