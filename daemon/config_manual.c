/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "config.h"
#include "config_option.h"
#include "config_value.h"

#define SAMPLE_WIDTH 100

/* Words of `text` after "# ", wrapped. */
static void write_comment(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > SAMPLE_WIDTH) {
			(void)fputc('\n', out);
			column = 0;
		}
		column += (size_t)fprintf(out, "%s%.*s", column > 0 ? " " : "# ", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

static void write_sample_option(FILE *out, const struct config_option *option)
{
	char range[CONFIG_RANGE_MAX];

	(void)fputc('\n', out);
	write_comment(out, option->text);
	if (config_value_range(option, range)[0])
		(void)fprintf(out, "# %s: %s\n", config_type_name(option->type), range);
	(void)fprintf(out, "#%s =%s%s\n", option->key, option->fallback ? " " : "",
		      option->fallback ? option->fallback : "");
}

static void write_section(FILE *out, const struct config_section *section,
			  void (*write_option)(FILE *out, const struct config_option *option))
{
	for (size_t i = 0; i < config_option_count(); i++)
		if (strcmp(config_option_at(i)->section, section->name) == 0)
			write_option(out, config_option_at(i));
}

void config_write_sample(FILE *out)
{
	(void)fputs("# The configuration of ngmtd, described in ngmt.conf(5). Options with \"#\" in front are not set\n"
		    "# and show their defaults. \"ngmtd --check-config\" tells what is wrong with this file.\n",
		    out);
	for (size_t i = 0; i < config_section_count(); i++) {
		const struct config_section *section = config_section_at(i);

		(void)fprintf(out, "\n\n[%s]\n", section->name);
		write_comment(out, section->text);
		write_section(out, section, write_sample_option);
	}
}

/* What scdoc would take for markup. */
static void write_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\*_`~", *text))
			(void)fputc('\\', out);
		(void)fputc(*text, out);
	}
}

static void write_manual_option(FILE *out, const struct config_option *option)
{
	char range[CONFIG_RANGE_MAX];

	(void)config_value_range(option, range);
	(void)fputs("\n*", out);
	write_escaped(out, option->key);
	(void)fprintf(out, "* = _%s_%s%s%s\n\t", config_type_name(option->type), range[0] ? " (" : "", range,
		      range[0] ? ")" : "");
	write_escaped(out, option->text);
	if (option->fallback) {
		(void)fputs(" Default: ", out);
		write_escaped(out, option->fallback);
	}
	(void)fputc('\n', out);
}

void config_write_manual(FILE *out)
{
	(void)fputs("# OPTIONS\n", out);
	for (size_t i = 0; i < config_section_count(); i++) {
		const struct config_section *section = config_section_at(i);

		(void)fprintf(out, "\n## [%s]\n\n", section->name);
		write_escaped(out, section->text);
		(void)fputc('\n', out);
		write_section(out, section, write_manual_option);
	}
}
