/* SPDX-License-Identifier: MIT */
#include "first_load.h"

#include <inttypes.h>

#include "log.h"
#include "results.h"

static int64_t count_of(struct json_object *file, const char *key)
{
	int64_t n = 0;

	(void)json_get_int(file, key, &n);
	return n;
}

static void on_loaded(void *arg, struct json_object *result, const struct err *err)
{
	struct json_object *files = result ? json_get_array(result, "files") : NULL;
	struct json_object *file = files ? json_object_array_get_idx(files, 0) : NULL;
	const char *path = "";

	(void)arg;
	if (!file) {
		log_err("import.results_file is not loaded", err);
		return;
	}
	(void)json_get_text(file, "path", &path);
	log_info("import.results_file is loaded path=\"%s\" rows=%" PRId64 " approve=%" PRId64 " reject=%" PRId64
		 " hold=%" PRId64 " skip=%" PRId64,
		 path, count_of(file, "rows"), count_of(file, "approve"), count_of(file, "reject"),
		 count_of(file, "hold"), count_of(file, "skip"));
}

static int begin(struct loads *loads, struct ledger *ledger, const char *path, struct err *err)
{
	int64_t rows = working_set_count(ledger, err);
	struct json_object *params;
	int result;

	if (rows < 0)
		return -1;
	if (rows > 0) {
		log_info("import.results_file is not loaded, for there is a working set already rows=%" PRId64, rows);
		return 0;
	}
	params = json_object_new_object();
	json_put_text(params, "what", "results");
	json_put_text(params, "path", path);
	json_put_text(params, "mode", "new");
	result = loads_start(loads, params, on_loaded, NULL, err);
	json_object_put(params);
	return result;
}

void first_load_begin(struct loads *loads, struct ledger *ledger, const struct config *config)
{
	struct err err;

	if (config->results_file && begin(loads, ledger, config->results_file, &err) < 0)
		log_err("import.results_file is not loaded", &err);
}
