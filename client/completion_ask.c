/* SPDX-License-Identifier: MIT */
#include "completion_ask.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "json.h"
#include "output.h"
#include "protocol.h"
#include "rpc.h"
#include "sockets.h"

#define WORDS_MAX 100
#define NAMES_MAX 1000
#define PATH_BYTES 4096

/* --- ids --- */

static struct json_object *ask(struct rpc *rpc, const char *what, const char *prefix)
{
	int64_t deadline_ms = clock_mono_ms() + COMPLETION_ASK_MS;
	struct json_object *params = json_object_new_object(), *hello;
	struct err ignored;

	json_put_int(params, "protocol", PROTOCOL_VERSION);
	json_put_text(params, "client", "ngmtctl " NGMT_VERSION);
	hello = rpc_call(rpc, "hello", params, deadline_ms, &ignored);
	if (!hello)
		return NULL;
	json_object_put(hello);
	params = json_object_new_object();
	json_put_text(params, "what", what);
	json_put_text(params, "prefix", prefix);
	json_put_int(params, "limit", WORDS_MAX);
	return rpc_call(rpc, "complete", params, deadline_ms, &ignored);
}

void completion_ask_daemon(struct completion *completion, const char *what, const char *prefix, void *arg)
{
	const char *chosen = arg ? arg : completion->socket;
	char path[PATH_BYTES];
	struct err ignored;
	struct rpc *rpc = NULL;
	struct json_object *result = NULL, *words;

	if (sockets_find(chosen, path, sizeof(path), &ignored) == 0)
		rpc = rpc_open(path, &ignored);
	if (rpc)
		result = ask(rpc, what, prefix);
	words = json_get_array(result, "words");
	for (size_t i = 0; words && i < json_object_array_length(words); i++) {
		struct json_object *word = json_object_array_get_idx(words, i);

		if (output_text(word, "word", "")[0])
			completion_add(completion, output_text(word, "word", ""), output_text(word, "note", ""));
	}
	json_object_put(result);
	rpc_close(rpc);
}

/* --- files --- */

struct place {
	char folder[PATH_BYTES]; /* to be opened */
	int shown;               /* bytes of the typed path that are its folder */
};

static int find_place(const char *path, struct place *place)
{
	const char *slash = strrchr(path, '/'), *home = getenv("HOME");
	bool is_home = strncmp(path, "~/", 2) == 0 && home;
	int n;

	place->shown = slash ? (int)(slash + 1 - path) : 0;
	if (is_home)
		n = snprintf(place->folder, sizeof(place->folder), "%s/%.*s", home, place->shown - 2, path + 2);
	else
		n = snprintf(place->folder, sizeof(place->folder), "%.*s", place->shown, path);
	return n >= 0 && (size_t)n < sizeof(place->folder) ? 0 : -1;
}

static bool is_folder(DIR *folder, const char *name)
{
	struct stat status;

	return fstatat(dirfd(folder), name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

static void add_file(struct completion *completion, const struct place *place, DIR *folder, const char *name)
{
	const char *path = completion->typed + completion->skip, *begun = path + place->shown;
	char *word = NULL;

	/* Hidden ones only for whoever types the dot; "." and ".." never. */
	if (strncmp(name, begun, strlen(begun)) != 0 || (name[0] == '.' && begun[0] != '.') ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return;
	if (asprintf(&word, "%.*s%s%s", place->shown, path, name, is_folder(folder, name) ? "/" : "") < 0)
		return;
	completion_add(completion, word, "");
	free(word);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct completion_word *)a)->word, ((const struct completion_word *)b)->word);
}

void completion_add_files(struct completion *completion)
{
	struct place place;
	struct dirent *entry;
	DIR *folder;

	if (!completion->wants_files || !completion->typed ||
	    find_place(completion->typed + completion->skip, &place) < 0)
		return;
	folder = opendir(place.folder[0] ? place.folder : ".");
	if (!folder)
		return;
	while (completion->count < NAMES_MAX && (entry = readdir(folder)))
		add_file(completion, &place, folder, entry->d_name);
	(void)closedir(folder);
	if (completion->count > 0)
		qsort(completion->words, completion->count, sizeof(completion->words[0]), by_name);
}
