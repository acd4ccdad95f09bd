/* SPDX-License-Identifier: MIT
 *
 * A comparison as CSV for the finance office (RFC 4180: comma, CRLF, quotes doubled). Pure: works on the rows of the
 * daemon's method reconcile.
 */
#ifndef NGMT_RECONCILE_CSV_H
#define NGMT_RECONCILE_CSV_H

#include <stdio.h>

#include "json.h"

void reconcile_csv_header(FILE *out);
void reconcile_csv_row(FILE *out, struct json_object *row);

/* One cell. A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage return)
 * gets an apostrophe in front. NULL is empty. */
void reconcile_csv_text(FILE *out, const char *text);

#endif
