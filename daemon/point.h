/* SPDX-License-Identifier: MIT
 *
 * Points at which a test lets the daemon die (points.def). In ngmtd passing one is an empty call; the program of
 * tests/points/ has the same parts with another point.c, so that what is tested is what ships. Any module may call it;
 * it includes nothing and knows nothing.
 */
#ifndef NGMT_POINT_H
#define NGMT_POINT_H

enum point {
#define POINT(symbol, number, name, sentence) symbol = (number),
#include "points.def"
#undef POINT
};

/* Says that the point is passed now. Does not return if a test wants the end here. */
void point_pass(enum point point);

#endif
