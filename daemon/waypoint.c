/* SPDX-License-Identifier: MIT */
#include "waypoint.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many as the kernel follows. */
#define LINKS_MAX 40

struct walk {
	char here[PATH_MAX]; /* without a slash at the end; "" is the root */
	char text[PATH_MAX];
	const char *rest; /* of the text */
	unsigned links;
};

static int add(struct waypoints *points, const char *folder, const char *name)
{
	struct waypoint *items = reallocarray(points->items, points->count + 1, sizeof(*items));
	struct waypoint point = { 0 };

	if (!items)
		return -1;
	points->items = items;
	if (asprintf(&point.folder, "%s", folder[0] ? folder : "/") < 0)
		return -1;
	if (asprintf(&point.name, "%s", name) < 0) {
		free(point.folder);
		return -1;
	}
	items[points->count++] = point;
	return 0;
}

/* The next name of the rest; false at its end. */
static bool take_name(struct walk *walk, char name[NAME_MAX + 1])
{
	const char *from = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(from, "/");

	if (len == 0 || len > NAME_MAX)
		return false;
	memcpy(name, from, len);
	name[len] = '\0';
	walk->rest = from + len;
	return true;
}

static void go_up(struct walk *walk)
{
	char *slash = strrchr(walk->here, '/');

	if (slash)
		*slash = '\0';
}

/* What the link says comes before the rest. */
static bool follow(struct walk *walk, const char *link)
{
	char target[PATH_MAX], text[PATH_MAX];
	ssize_t len = readlink(link, target, sizeof(target) - 1);

	if (len <= 0 || ++walk->links > LINKS_MAX)
		return false;
	target[len] = '\0';
	if (snprintf(text, sizeof(text), "%s/%s", target, walk->rest) >= (int)sizeof(text))
		return false;
	memcpy(walk->text, text, strlen(text) + 1);
	walk->rest = walk->text;
	if (target[0] == '/')
		walk->here[0] = '\0';
	return true;
}

/* Whether it goes on from there. */
static bool step(struct walk *walk, const char *name)
{
	char next[PATH_MAX];
	struct stat status;

	if (snprintf(next, sizeof(next), "%s/%s", walk->here, name) >= (int)sizeof(next) || lstat(next, &status) < 0)
		return false;
	if (S_ISLNK(status.st_mode))
		return follow(walk, next);
	memcpy(walk->here, next, strlen(next) + 1);
	return S_ISDIR(status.st_mode);
}

int waypoints_add(struct waypoints *points, const char *path)
{
	struct walk walk = { .here = "" };
	char name[NAME_MAX + 1];

	if (snprintf(walk.text, sizeof(walk.text), "%s", path) >= (int)sizeof(walk.text))
		return 0;
	walk.rest = walk.text;
	while (take_name(&walk, name)) {
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			go_up(&walk);
			continue;
		}
		if (add(points, walk.here, name) < 0)
			return -1;
		if (!step(&walk, name))
			break;
	}
	return 0;
}

int waypoints_add_all_of(struct waypoints *points, const char *folder)
{
	return add(points, folder, "");
}

static int compare(const void *a, const void *b)
{
	const struct waypoint *one = a, *other = b;
	int order = strcmp(one->folder, other->folder);

	return order ? order : strcmp(one->name, other->name);
}

void waypoints_unify(struct waypoints *points)
{
	size_t kept = 0;

	if (points->count > 1)
		qsort(points->items, points->count, sizeof(*points->items), compare);
	for (size_t i = 0; i < points->count; i++) {
		if (kept > 0 && compare(&points->items[kept - 1], &points->items[i]) == 0) {
			free(points->items[i].folder);
			free(points->items[i].name);
		} else {
			points->items[kept++] = points->items[i];
		}
	}
	points->count = kept;
}

void waypoints_finish(struct waypoints *points)
{
	for (size_t i = 0; i < points->count; i++) {
		free(points->items[i].folder);
		free(points->items[i].name);
	}
	free(points->items);
	*points = (struct waypoints){ 0 };
}
