/* SPDX-License-Identifier: MIT */
#include "console_look.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "output.h"
#include "term.h"
#include "utf8.h"

#define LOOK_MS 1000
#define ID_START 4
#define ID_END 3

void console_look(struct console_look *look, const struct invocation *invocation)
{
	struct session session;
	const char *hit = NULL;

	*look = (struct console_look){ 0 };
	session_init(&session, invocation);
	session.deadline_ms = clock_mono_ms() + LOOK_MS;
	look->is_away = session_open(&session, &look->err) < 0;
	(void)snprintf(look->environment, sizeof(look->environment), "%s", session.environment);
	look->is_dry = session.is_dry;
	if (json_get_text(json_get_object(session.selected, "hit"), "hit_id", &hit))
		(void)snprintf(look->hit, sizeof(look->hit), "%.*s", utf8_cut(hit, sizeof(look->hit) - 1), hit);
	session_close(&session);
}

static const char *why_away(enum err_code code)
{
	static const struct {
		enum err_code code;
		const char *words;
	} reasons[] = {
		{ ERR_NO_DAEMON, "no daemon" },
		{ ERR_NOT_AUTHORISED, "not allowed" },
		{ ERR_TIMEOUT, "no answer" },
		{ ERR_PROTOCOL, "another version" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return reasons[i].words;
	return "no daemon";
}

/* Text in a style; nothing invisible where there are no colours. */
static void append_styled(char *prompt, enum term_style style, char mark, const char *text)
{
	if (term_has_colour(stderr))
		output_append(prompt, CONSOLE_PROMPT_MAX, "%c%s%c%s%c%s%c", mark, term_style(stderr, style), mark, text,
			      mark, term_style(stderr, TERM_PLAIN), mark);
	else
		output_append(prompt, CONSOLE_PROMPT_MAX, "%s", text);
}

static void append_environment(char *prompt, const struct console_look *look, char mark)
{
	enum term_style style = strcmp(look->environment, "live") == 0	? TERM_LIVE
				: strcmp(look->environment, "sandbox") == 0 ? TERM_SANDBOX
									    : TERM_REHEARSAL;
	char name[32], badge[40];

	(void)output_environment_name(look->environment, name);
	(void)snprintf(badge, sizeof(badge), term_has_colour(stderr) ? " %s " : "%s", name);
	append_styled(prompt, style, mark, badge);
}

static void append_id(char *prompt, const char *id)
{
	size_t len = utf8_length(id);

	if (len <= ID_START + ID_END + 1) {
		output_append(prompt, CONSOLE_PROMPT_MAX, " %s", id);
		return;
	}
	for (const char *end = id; *end; end++)
		if (utf8_length(end) == ID_END && ((unsigned char)*end & 0xc0) != 0x80) {
			output_append(prompt, CONSOLE_PROMPT_MAX, " %.*s%s%s", utf8_cut(id, ID_START), id,
				      term_is_utf8() ? "\xe2\x80\xa6" : "...", end);
			return;
		}
}

void console_prompt(char prompt[CONSOLE_PROMPT_MAX], const struct console_look *look, bool is_dry, char mark)
{
	(void)snprintf(prompt, CONSOLE_PROMPT_MAX, "ngmt ");
	if (look->is_away) {
		char reason[40];

		(void)snprintf(reason, sizeof(reason), "(%s)", why_away(look->err.code));
		append_styled(prompt, TERM_BAD, mark, reason);
	} else {
		append_environment(prompt, look, mark);
		if (look->is_dry || is_dry)
			output_append(prompt, CONSOLE_PROMPT_MAX, " dry");
		if (look->hit[0])
			append_id(prompt, look->hit);
	}
	output_append(prompt, CONSOLE_PROMPT_MAX, "> ");
}
