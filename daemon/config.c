/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_option.h"
#include "config_rule.h"
#include "config_value.h"
#include "default_path.h"
#include "ini_file.h"
#include "log.h"

#define FILE_DEFAULT "/etc/ngmt/ngmt.conf"
#define FOLDER_NAME "conf.d"
#define FILE_SUFFIX ".conf"
#define COMMAND_LINE "command line"
#define PROBLEMS_MAX 100
/* For the count of further problems at the end of a message. */
#define TAIL_MAX 40

struct origin {
	char *file; /* NULL: the default */
	unsigned line;
	unsigned layer; /* number of the source: 0 defaults, then the files, then the command line */
	bool has_problem;
};

struct config_origins {
	size_t count;
	struct origin items[];
};

struct loading {
	struct config *config;
	config_problem_fn *problem;
	void *arg;
	struct err *err;
	unsigned problems;
	unsigned layer;
	const char *file;   /* being read */
	const char *folder; /* where its relative paths begin */
	bool is_command_line;
	bool adds; /* "key+=": to the list as it is */
	bool has_section; /* a known one */
	bool has_secret;
};

static void report(struct loading *loading, const char *file, unsigned line, const struct err *problem)
{
	loading->problems++;
	if (loading->problems == 1 && loading->err) {
		*loading->err = *problem;
		(void)(line ? err_prefix(loading->err, "%s:%u", file, line) : err_prefix(loading->err, "%s", file));
	}
	if (loading->problem && loading->problems <= PROBLEMS_MAX)
		loading->problem(loading->arg, file, line, problem);
}

static void on_problem(void *arg, unsigned line, const struct err *problem)
{
	struct loading *loading = arg;
	struct err copy = *problem;

	copy.code = ERR_CONFIG;
	report(loading, loading->file, line, &copy);
}

static struct origin *origin_of(const struct config *config, const struct config_option *option)
{
	return &config->origins->items[config_option_index(option)];
}

static int set_origin(struct loading *loading, struct origin *origin, const char *file, unsigned line,
		      struct err *err)
{
	char *copy;

	/* Not strdup(): gcc 12's analyser would lose it in the array and call that a leak. */
	if (asprintf(&copy, "%s", file) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	free(origin->file);
	*origin = (struct origin){ .file = copy, .line = line, .layer = loading->layer };
	return 0;
}

static int check_twice(const struct loading *loading, const struct config_option *option, const struct origin *origin,
		       struct err *err)
{
	if (origin->layer != loading->layer || option->type == CONFIG_LIST || loading->is_command_line)
		return 0;
	return err_set(err, ERR_CONFIG, "\"%s\" is set twice in this file, first in line %u", option->key,
		       origin->line);
}

/* Games of the command line replace those of the files, and add up among themselves. */
static bool starts_list_anew(const struct loading *loading, const struct config_option *option,
			     const struct origin *origin)
{
	return option->type == CONFIG_LIST && loading->is_command_line && !loading->adds &&
	       origin->layer != loading->layer;
}

static void set_option(struct loading *loading, const struct config_option *option, const char *value, unsigned line)
{
	struct origin *origin = origin_of(loading->config, option);
	struct err err;

	if (check_twice(loading, option, origin, &err) < 0) {
		report(loading, loading->file, line, &err);
		return;
	}
	if (starts_list_anew(loading, option, origin))
		config_value_clear(loading->config, option);
	if (option->type == CONFIG_SECRET && value[0])
		loading->has_secret = true;
	if (set_origin(loading, origin, loading->file, line, &err) == 0 &&
	    config_value_set(loading->config, option, value, loading->folder, &err) == 0)
		return;
	origin->has_problem = true;
	report(loading, loading->file, line, &err);
}

/* `key` NULL: the section is unknown. A file full of nonsense is not worth thousands of searches for what was meant. */
static void report_unknown(struct loading *loading, const char *section, const char *key, unsigned line)
{
	struct err err;

	if (loading->problems >= PROBLEMS_MAX) {
		loading->problems++;
		return;
	}
	(void)(key && config_section_exists(section) ? config_option_unknown(section, key, &err)
						     : config_section_unknown(section, &err));
	report(loading, loading->file, line, &err);
}

static void on_entry(void *arg, const struct ini_entry *entry)
{
	struct loading *loading = arg;
	const struct config_option *option;

	if (!entry->key)
		loading->has_section = config_section_exists(entry->section);
	if (entry->key && !loading->has_section)
		return; /* one complaint, about the heading, is enough */
	if (!entry->key && loading->has_section)
		return;
	option = entry->key ? config_option_find(entry->section, entry->key) : NULL;
	if (option)
		set_option(loading, option, entry->value, entry->line);
	else
		report_unknown(loading, entry->section, entry->key, entry->line);
}

static void warn_about_readers(const struct loading *loading, unsigned mode)
{
	if (loading->has_secret && (mode & 044U))
		log_warn("\"%s\" holds a secret, and others can read it (mode %04o): chmod 600 %s", loading->file, mode,
			 loading->file);
}

/* The folder of a file, without a slash at the end unless it is the root. */
static char *folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	if (!slash)
		return strdup(".");
	return strndup(file, slash == file ? 1 : (size_t)(slash - file));
}

/* Relative paths must not depend on where the daemon stands later. */
static char *absolute(const char *folder)
{
	char *here, *path = NULL;

	if (folder[0] == '/')
		return strdup(folder);
	here = getcwd(NULL, 0);
	if (!here || strcmp(folder, ".") == 0)
		return here;
	if (asprintf(&path, "%s/%s", here, folder) < 0)
		path = NULL;
	free(here);
	return path;
}

static void read_file(struct loading *loading, const char *file)
{
	struct ini_listener listener = { on_entry, on_problem, loading };
	char *near = folder_of(file);
	char *folder = near ? absolute(near) : NULL;
	unsigned mode = 0;
	struct err err;

	loading->layer++;
	loading->file = file;
	loading->folder = folder;
	loading->has_section = false;
	loading->has_secret = false;
	if (!folder)
		(void)err_set(&err, ERR_INTERNAL, "cannot tell the folder of \"%s\"", file);
	if (!folder || ini_file_read(file, INI_DIALECT_NGMT, &listener, &mode, &err) < 0)
		report(loading, file, 0, &err);
	else
		warn_about_readers(loading, mode);
	free(folder);
	free(near);
}

static int is_config_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), suffix = strlen(FILE_SUFFIX);

	return entry->d_name[0] != '.' && len > suffix && strcmp(entry->d_name + len - suffix, FILE_SUFFIX) == 0;
}

/* alphasort() follows the locale; the order of files must not. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_folder(struct loading *loading, const char *folder)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, is_config_file, by_bytes);
	struct err err;

	if (n < 0 && errno != ENOENT) {
		(void)err_set(&err, ERR_CONFIG, "cannot read the folder \"%s\": %s", folder, strerror(errno));
		report(loading, folder, 0, &err);
	}
	for (int i = 0; i < n; i++) {
		char *file = NULL;

		if (asprintf(&file, "%s/%s", folder, entries[i]->d_name) < 0) {
			(void)err_set(&err, ERR_INTERNAL, "out of memory");
			report(loading, folder, 0, &err);
			file = NULL;
		}
		if (file)
			read_file(loading, file);
		free(file);
		free(entries[i]);
	}
	free(entries);
}

static void read_files(struct loading *loading, const char *file)
{
	const char *first = file ? file : FILE_DEFAULT;
	char *near = folder_of(first), *folder = NULL;
	struct err err;

	if (!near || asprintf(&folder, "%s/" FOLDER_NAME, near) < 0) {
		(void)err_set(&err, ERR_INTERNAL, "out of memory");
		report(loading, first, 0, &err);
		free(near);
		return;
	}
	if (file || access(first, F_OK) == 0 || errno != ENOENT)
		read_file(loading, first);
	read_folder(loading, folder);
	free(folder);
	free(near);
}

static int split_override(const char *text, char **section, char **key, const char **value)
{
	const char *equals = strchr(text, '=');
	const char *point = equals ? memchr(text, '.', (size_t)(equals - text)) : NULL;

	if (!point || point == text || point + 1 == equals)
		return -1;
	*section = strndup(text, (size_t)(point - text));
	*key = strndup(point + 1, (size_t)(equals - point - 1));
	*value = equals + 1;
	return 0;
}

static void find_and_set(struct loading *loading, const char *section, char *key, const char *value)
{
	size_t len = strlen(key);
	const struct config_option *option;
	struct err err;

	loading->adds = len > 1 && key[len - 1] == '+';
	if (loading->adds)
		key[len - 1] = '\0';
	option = config_option_find(section, key);
	if (option && loading->adds && option->type != CONFIG_LIST) {
		(void)err_set(&err, ERR_CONFIG, "\"%s\" has one value: nothing can be added to it", key);
		report(loading, COMMAND_LINE, 0, &err);
	} else if (option)
		set_option(loading, option, value, 0);
	else
		report_unknown(loading, section, key, 0);
}

static void read_override(struct loading *loading, const char *text)
{
	char *section = NULL, *key = NULL;
	const char *value = NULL;
	struct err err;

	/* What is wrong here is never quoted: it may be a secret without its key. */
	if (split_override(text, &section, &key, &value) < 0) {
		(void)err_set(&err, ERR_CONFIG, "an option is not of the form \"section.key=value\"");
		(void)err_hint(&err, "write it like -o limits.max_bonus=2.00");
		report(loading, COMMAND_LINE, 0, &err);
	} else if (!section || !key) {
		(void)err_set(&err, ERR_INTERNAL, "out of memory");
		report(loading, COMMAND_LINE, 0, &err);
	} else if (ini_check_text(text, strlen(text), &err) < 0) {
		err.code = ERR_CONFIG;
		report(loading, COMMAND_LINE, 0, &err);
	} else {
		find_and_set(loading, section, key, value);
	}
	free(section);
	free(key);
}

static void read_overrides(struct loading *loading, const char *const *overrides)
{
	char *here = getcwd(NULL, 0);

	loading->layer++;
	loading->file = COMMAND_LINE;
	loading->folder = here ? here : "/";
	loading->is_command_line = true;
	loading->has_secret = false;
	for (; overrides && *overrides; overrides++)
		read_override(loading, *overrides);
	if (loading->has_secret)
		log_warn("a secret on the command line can be seen by everybody on this machine");
	free(here);
}

static void set_defaults(struct loading *loading)
{
	struct err err;

	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);

		if (!option->fallback)
			config_value_clear(loading->config, option);
		else if (config_value_set(loading->config, option, option->fallback, "/", &err) < 0)
			report(loading, "default", 0, &err);
	}
}

static void put_default_path(struct loading *loading, const char *section, const char *key, const char *path,
			     const char *from)
{
	const struct config_option *option = config_option_find(section, key);
	struct origin *origin = origin_of(loading->config, option);
	struct err err;

	if (!path) {
		(void)err_set(&err, ERR_CONFIG, "there is no place for \"%s\" of \"[%s]\" by default", key, section);
		(void)err_hint(&err, "set it, or the environment variable HOME");
		report(loading, "default", 0, &err);
	} else if (set_origin(loading, origin, from, 0, &err) < 0 ||
		   config_value_set(loading->config, option, path, "/", &err) < 0) {
		report(loading, from, 0, &err);
	}
}

/* Last, because the place of the socket may depend on the folder that a file has set. */
static void set_default_paths(struct loading *loading)
{
	struct config *config = loading->config;
	bool is_root = geteuid() == 0;
	const char *from = NULL;
	char *path;

	loading->layer = 0;
	if (!origin_of(config, config_option_find("state", "directory"))->file) {
		path = default_path_state(is_root, &from);
		put_default_path(loading, "state", "directory", path, from);
		free(path);
	}
	if (!origin_of(config, config_option_find("control", "socket"))->file) {
		path = default_path_socket(is_root, config->state_directory, &from);
		put_default_path(loading, "control", "socket", path, from);
		free(path);
	}
}

static bool is_other_bad(const struct config *config, const struct config_rule *rule)
{
	return rule->other && origin_of(config, config_option_find(rule->section, rule->other))->has_problem;
}

/* The place of a rule's problem: where its option was set, else where the other one was. */
static const struct origin *place_of(const struct config *config, const struct config_rule *rule)
{
	const struct origin *origin = origin_of(config, config_option_find(rule->section, rule->key));

	if (origin->file || !rule->other)
		return origin;
	return origin_of(config, config_option_find(rule->section, rule->other));
}

static void check_rules(struct loading *loading)
{
	struct err err;

	for (size_t i = 0; i < config_rule_count(); i++) {
		const struct config_rule *rule = config_rule_at(i);
		const struct config_option *option = config_option_find(rule->section, rule->key);
		const struct origin *place = place_of(loading->config, rule);

		if (origin_of(loading->config, option)->has_problem || is_other_bad(loading->config, rule) ||
		    rule->check(loading->config, &err) == 0)
			continue;
		report(loading, place->file ? place->file : "default", place->line, &err);
	}
}

static void count_others(struct err *err, unsigned problems)
{
	char first[sizeof(err->message)];

	if (!err || problems < 2)
		return;
	memcpy(first, err->message, sizeof(first));
	(void)snprintf(err->message, sizeof(err->message), "%.*s (and %u more problem%s)",
		       (int)sizeof(first) - TAIL_MAX, first, problems - 1, problems == 2 ? "" : "s");
}

int config_load(struct config *config, const char *file, const char *const *overrides, config_problem_fn *problem,
		void *arg, struct err *err)
{
	struct loading loading = { .config = config, .problem = problem, .arg = arg, .err = err };
	size_t count = config_option_count();

	*config = (struct config){ 0 };
	config->origins = calloc(1, sizeof(*config->origins) + count * sizeof(config->origins->items[0]));
	if (!config->origins)
		return err_set(err, ERR_INTERNAL, "out of memory");
	config->origins->count = count;
	set_defaults(&loading);
	read_files(&loading, file);
	read_overrides(&loading, overrides);
	set_default_paths(&loading);
	check_rules(&loading);
	if (loading.problems == 0)
		return 0;
	count_others(err, loading.problems);
	config_finish(config);
	return -1;
}

void config_finish(struct config *config)
{
	for (size_t i = 0; i < config_option_count(); i++)
		config_value_clear(config, config_option_at(i));
	for (size_t i = 0; config->origins && i < config->origins->count; i++)
		free(config->origins->items[i].file);
	free(config->origins);
	config->origins = NULL;
}

void config_field_names(const struct config *config, struct field_names *out)
{
	for (size_t i = 0; i < FIELDS; i++)
		out->names[i] = config->fields[i];
	out->case_sensitive = !config->case_insensitive;
}

static void put_origin(struct json_object *object, const struct origin *origin)
{
	char *place = NULL;

	if (origin->line == 0)
		json_put_text(object, "origin", origin->file ? origin->file : "default");
	else if (asprintf(&place, "%s:%u", origin->file, origin->line) >= 0)
		json_put_text(object, "origin", place);
	free(place);
}

static struct json_object *describe(const struct config *config, const struct config_option *option)
{
	struct json_object *object = json_object_new_object();

	json_put_text(object, "section", option->section);
	json_put_text(object, "key", option->key);
	json_put_value(object, "value", config_value_json(config, option));
	put_origin(object, origin_of(config, option));
	return object;
}

struct json_object *config_describe(const struct config *config)
{
	struct json_object *list = json_object_new_array();

	for (size_t s = 0; s < config_section_count(); s++)
		for (size_t i = 0; i < config_option_count(); i++)
			if (strcmp(config_option_at(i)->section, config_section_at(s)->name) == 0)
				(void)json_object_array_add(list, describe(config, config_option_at(i)));
	return list;
}
