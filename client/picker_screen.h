/* SPDX-License-Identifier: MIT
 *
 * A picker on the terminal of standard input and standard error: the other screen of the terminal, so that nothing of
 * it stays; keys one by one; the size looked up again when it changes; everything as it was before at the end, also
 * when a signal ends the program.
 */
#ifndef NGMT_PICKER_SCREEN_H
#define NGMT_PICKER_SCREEN_H

#include <stdbool.h>

#include "picker.h"

/* Whether there is a terminal that can do it. */
bool picker_screen_can(void);

/* Runs until a label is chosen (picker_choice()) or the person leaves. A terminal that goes away means leaving. */
enum picker_end picker_screen_run(struct picker *picker);

#endif
