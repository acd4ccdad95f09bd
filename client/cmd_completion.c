/* SPDX-License-Identifier: MIT
 *
 * completion: scripts for shells; complete-words: what those scripts ask. The scripts know nothing by themselves, so
 * that they always offer what the installed ngmtctl takes.
 */
#include <stdio.h>
#include <string.h>

#include "choice.h"
#include "commands.h"
#include "completion.h"
#include "completion_ask.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "session.h"

static const struct {
	const char *shell;
	const char *script;
} scripts[] = {
#include "completion_scripts.def"
};

int cmd_completion(struct session *session, struct err *err)
{
	const char *shell = session->invocation->words[0];

	if (choice_check("shell", shell, COMPLETION_SHELLS, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct json_object *object;

		if (strcmp(scripts[i].shell, shell) != 0)
			continue;
		if (!session->is_json) {
			(void)fputs(scripts[i].script, stdout);
			return 0;
		}
		object = json_object_new_object();
		json_put_text(object, "shell", shell);
		json_put_text(object, "script", scripts[i].script);
		output_json(object);
		json_object_put(object);
	}
	return 0;
}

static void print_words(const struct completion *completion)
{
	(void)puts(completion->wants_files && completion->count == 0 ? ":files" : ":words");
	for (size_t i = 0; i < completion->count; i++)
		(void)printf("%s\t%s\n", completion->words[i].word, completion->words[i].note);
}

static void print_words_json(const struct completion *completion)
{
	struct json_object *all = json_object_new_object(), *words = json_object_new_array();

	for (size_t i = 0; i < completion->count; i++) {
		struct json_object *word = json_object_new_object();

		json_put_text(word, "word", completion->words[i].word);
		json_put_text(word, "note", completion->words[i].note);
		(void)json_object_array_add(words, word);
	}
	json_put_bool(all, "files", completion->wants_files);
	json_put_value(all, "words", words);
	output_json(all);
	json_object_put(all);
}

/* Prints ":files" if only the shell can go on, else ":words" and a line for each word: the word, a tab, a note. */
int cmd_complete_words(struct session *session, struct err *err)
{
	static char empty[] = "";
	static char *const nothing[] = { empty };
	const struct invocation *invocation = session->invocation;
	const struct completion_asker asker = { completion_ask_daemon, NULL };
	struct completion completion;

	(void)err;
	if (invocation->word_count > 0)
		completion_for_words(&completion, invocation->words, invocation->word_count, NULL, &asker);
	else
		completion_for_words(&completion, nothing, 1, NULL, &asker);
	if (session->is_json)
		print_words_json(&completion);
	else
		print_words(&completion);
	completion_finish(&completion);
	return 0;
}
