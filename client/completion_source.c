/* SPDX-License-Identifier: MIT */
#include "completion_source.h"

#include <string.h>

#include "completion.h"

static const struct completion_source sources[] = {
	{ "NUMBER|ID|none", COMMAND_GET_HITS, COMPLETION_DAEMON, "hits", false },
	{ "NUMBER|ID|none", COMMAND_GET_QUALIFICATIONS, COMPLETION_DAEMON, "qualifications", false },
	{ "ASSIGNMENT", COMMANDS, COMPLETION_DAEMON, "assignments", false },
	{ "BATCH", COMMANDS, COMPLETION_DAEMON, "batches", false },
	{ "COMMAND", COMMANDS, COMPLETION_COMMANDS, NULL, false },
	{ "DIGEST", COMMANDS, COMPLETION_NOTHING, NULL, false },
	{ "FILE", COMMANDS, COMPLETION_FILES, NULL, false },
	{ "GAME", COMMANDS, COMPLETION_DAEMON, "games", true },
	{ "HIT", COMMANDS, COMPLETION_DAEMON, "hits", false },
	{ "ID", COMMANDS, COMPLETION_DAEMON, "operations", false },
	{ "LANE", COMMANDS, COMPLETION_LIST, "approve|bonus|qualify|notify|hit|worker", false },
	{ "LEVEL", COMMANDS, COMPLETION_LIST, "0|1|2", false },
	{ "MIN-MAX", COMMANDS, COMPLETION_NOTHING, NULL, false },
	{ "NAME", COMMANDS, COMPLETION_NOTHING, NULL, false },
	{ "NUMBER", COMMANDS, COMPLETION_NOTHING, NULL, false },
	{ "PATH", COMMANDS, COMPLETION_FILES, NULL, false },
	{ "ROOM", COMMANDS, COMPLETION_DAEMON, "rooms", false },
	{ "SECONDS", COMMANDS, COMPLETION_NOTHING, NULL, false },
	{ "SHELL", COMMANDS, COMPLETION_LIST, COMPLETION_SHELLS, false },
	{ "TEXT", COMMANDS, COMPLETION_NOTHING, NULL, false },
	{ "TYPE", COMMANDS, COMPLETION_DAEMON, "qualifications", false },
	{ "WORKER", COMMANDS, COMPLETION_DAEMON, "workers", false },
};

const struct completion_source *completion_source(const char *argument, const struct command *command)
{
	size_t len;

	argument += argument[0] == '[';
	len = strcspn(argument, " ]");
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const struct completion_source *source = &sources[i];

		if (strlen(source->placeholder) == len && strncmp(source->placeholder, argument, len) == 0 &&
		    (source->only == COMMANDS || (command && source->only == command->id)))
			return source;
	}
	return NULL;
}
