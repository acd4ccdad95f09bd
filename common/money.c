/* SPDX-License-Identifier: MIT */
#include "money.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Why a text is not an amount, in words that help the person who wrote the file. */
static const char *why_not(const char *text)
{
	static const struct {
		const char *text;
		const char *why;
	} words[] = {
		{ "", "is empty" },
		{ "NaN", "is not a number (NaN)" },
		{ "Infinity", "is not finite" },
		{ "-Infinity", "is not finite" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].text, text) == 0)
			return words[i].why;
	if (text[0] == '-')
		return "is negative";
	if (text[0] == '.')
		return "has no digit before the point";
	if (text[0] && strspn(text, "0123456789.,") == strlen(text) && strchr(text, ','))
		return "has a comma in it";
	if (strspn(text, "0123456789.+-eE") == strlen(text) && strpbrk(text, "eE"))
		return "is written with an exponent";
	return "is not an amount in dollars";
}

int money_parse(const char *text, int64_t *cents, struct err *err)
{
	const char *p = text;
	int64_t value = 0;
	int decimals = 0;

	if (*p == '$')
		p++;
	if (!is_digit(*p))
		return err_set(err, ERR_FORMAT, "\"%.40s\" %s", text, why_not(p));
	for (; is_digit(*p); p++) {
		value = value * 10 + (*p - '0');
		if (value > MONEY_MAX_CENTS / 100)
			return err_set(err, ERR_FORMAT, "\"%.40s\" is too large", text);
	}
	if (*p == '.')
		for (p++; is_digit(*p) && decimals < 3; p++, decimals++)
			value = decimals < 2 ? value * 10 + (*p - '0') : value;
	if (*p == '\0' || is_digit(*p)) {
		if (decimals > 2)
			return err_set(err, ERR_FORMAT, "\"%.40s\" has more than two decimals", text);
	} else {
		return err_set(err, ERR_FORMAT, "\"%.40s\" %s", text, why_not(text));
	}
	for (; decimals < 2; decimals++)
		value *= 10;
	*cents = value;
	return 0;
}

const char *money_format(int64_t cents, char out[MONEY_TEXT_MAX])
{
	uint64_t magnitude = cents < 0 ? 0 - (uint64_t)cents : (uint64_t)cents;

	(void)snprintf(out, MONEY_TEXT_MAX, "%s%" PRIu64 ".%02" PRIu64, cents < 0 ? "-" : "", magnitude / 100,
		       magnitude % 100);
	return out;
}

const char *money_display(int64_t cents, char out[MONEY_TEXT_MAX])
{
	char plain[MONEY_TEXT_MAX];
	const char *digits = money_format(cents, plain);
	size_t whole, n = 0;

	if (*digits == '-') {
		out[n++] = '-';
		digits++;
	}
	out[n++] = '$';
	whole = strcspn(digits, ".");
	for (size_t i = 0; i < whole; i++) {
		if (i > 0 && (whole - i) % 3 == 0)
			out[n++] = ',';
		out[n++] = digits[i];
	}
	memcpy(out + n, digits + whole, strlen(digits + whole) + 1);
	return out;
}

int money_add(int64_t *sum, int64_t cents)
{
	int64_t total;

	if (__builtin_add_overflow(*sum, cents, &total))
		return -1;
	*sum = total;
	return 0;
}
