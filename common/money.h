/* SPDX-License-Identifier: MIT
 *
 * Exact amounts. Money is an int64_t count of minor units (US cents) and never a floating-point number.
 * Text becomes an amount only if the amount is exact: nothing is rounded in silence.
 */
#ifndef NGMT_MONEY_H
#define NGMT_MONEY_H

#include <stdint.h>

#include "err.h"

/* Large enough for every formatted int64_t amount, with sign, separators and terminator. */
#define MONEY_TEXT_MAX 40

/* The largest amount that is parsed: a trillion dollars; sums of a million of them still fit. */
#define MONEY_MAX_CENTS INT64_C(100000000000000)

/* Parses "2", "2.5", "2.50" (an optional "$" in front) into cents. Refuses signs, exponents,
 * NaN, thousands separators, blanks and more than two decimals, each with its own message (ERR_FORMAT). */
int money_parse(const char *text, int64_t *cents, struct err *err);

/* "D.CC", the form that MTurk's CurrencyAmount wants (pattern ^[0-9]+(\.)?[0-9]{0,2}$). Returns `out`. */
const char *money_format(int64_t cents, char out[MONEY_TEXT_MAX]);

/* "$1,234.50" (or "-$3.00"), for people. Returns `out`. */
const char *money_display(int64_t cents, char out[MONEY_TEXT_MAX]);

/* Adds; returns -1 and leaves *sum alone if the result would overflow. */
int money_add(int64_t *sum, int64_t cents);

#endif
