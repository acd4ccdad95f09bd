/* SPDX-License-Identifier: MIT */
#include "migrate_node.h"

#include <inttypes.h>
#include <string.h>

#include "child.h"

#define ANSWER_BYTES_MAX ((size_t)1 << 20)
/* A descriptor of its own, since the file may print what it likes. */
#define ANSWER_FD 3

/* Of what goes wrong only the kind and the line are told: a message may quote the secret. */
static const char script[] =
	"'use strict';\n"
	"const fs = require('fs'), file = process.argv[1], exit = process.exit;\n"
	"const answer = (what) => { fs.writeFileSync(3, JSON.stringify(what)); exit(0); };\n"
	"const fail = (e) => {\n"
	"  const stack = String(e && e.stack), at = stack.indexOf(file + ':');\n"
	"  const missing = e && e.code === 'MODULE_NOT_FOUND' && /^Cannot find module '([^']*)'/.exec(e.message);\n"
	"  const kind = e instanceof Error ? e.constructor.name : 'something';\n"
	"  answer({ error: /^[A-Z][A-Za-z]{0,40}$/.test(kind) ? kind : 'Error', module: missing ? missing[1] : null,\n"
	"           line: at < 0 ? 0 : parseInt(stack.slice(at + file.length + 1), 10) || 0 });\n"
	"};\n"
	"const textOf = (value, type) => {\n"
	"  if (type === 'array')\n"
	"    return value.every((x) => typeof x === 'string' && !x.includes(',')) ? value.join(',') : '';\n"
	"  return ['string', 'number', 'boolean'].includes(type) ? String(value) : '';\n"
	"};\n"
	"const keys = [];\n"
	"const walk = (object, prefix) => {\n"
	"  for (const name of Object.keys(object)) {\n"
	"    const value = object[name], type = Array.isArray(value) ? 'array' : typeof value;\n"
	"    if (value === null || value === undefined) continue;\n"
	"    if (prefix === '' && type === 'object' && ['fields', 'loadOptions'].includes(name)) {\n"
	"      walk(value, name + '.');\n"
	"      continue;\n"
	"    }\n"
	"    keys.push({ name: prefix + name, type, text: textOf(value, type), truthy: !!value });\n"
	"  }\n"
	"};\n"
	"try {\n"
	"  const settings = require(file);\n"
	"  if (typeof settings !== 'object' || settings === null) answer({ error: null });\n"
	"  walk(settings, '');\n"
	"} catch (e) {\n"
	"  fail(e);\n"
	"}\n"
	"answer({ keys });\n";

static int run_node(const char *path, int64_t deadline_ms, struct child_result *result, struct err *err)
{
	static const char *const names[] = { "node", "nodejs" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *const argv[] = { names[i], "-e", script, "--", path, NULL };

		if (child_run(argv, ANSWER_FD, ANSWER_BYTES_MAX, deadline_ms, result, err) == 0)
			return 0;
		if (err->code != ERR_NOT_FOUND)
			return -1;
		child_result_finish(result);
	}
	(void)err_set(err, ERR_NOT_FOUND, "there is no node, and only it can read a mturk.conf.js");
	return err_hint(err, "install Node.js (apt install nodejs), or run this where nodegame-mturk runs");
}

static int refuse(const char *path, struct json_object *said, struct err *err)
{
	const char *kind, *module = NULL;
	int64_t line = 0;

	(void)json_get_int(said, "line", &line);
	if (json_get_text(said, "module", &module)) {
		(void)err_set(err, ERR_FORMAT, "\"%s\" needs the module \"%.100s\", which node does not find", path,
			      module);
		return err_hint(err, "run this where nodegame-mturk is installed");
	}
	if (!json_get_text(said, "error", &kind)) {
		(void)err_set(err, ERR_FORMAT, "\"%s\" exports no object", path);
		return err_hint(err, "it must be a mturk.conf.js of nodegame-mturk: module.exports = { ... }");
	}
	(void)err_set(err, ERR_FORMAT, "node cannot read \"%s\": %.60s", path, kind);
	return line > 0 ? err_hint(err, "look at line %" PRId64, line) : err_hint(err, "try: node --check %s", path);
}

struct json_object *migrate_node_read(const char *path, int64_t deadline_ms, struct err *err)
{
	struct json_object *said = NULL;
	struct child_result result;
	struct err why;

	if (run_node(path, deadline_ms, &result, err) == 0) {
		said = json_parse(result.output, result.len, &why);
		if (!said || !json_object_is_type(said, json_type_object))
			(void)err_set(err, ERR_FORMAT, "node ended without telling what is in \"%s\" (status %d)", path,
				      result.status);
		else if (!json_get_array(said, "keys"))
			(void)refuse(path, said, err);
	}
	child_result_finish(&result);
	if (said && json_object_is_type(said, json_type_object) && json_get_array(said, "keys"))
		return said;
	json_object_put(said);
	return NULL;
}
