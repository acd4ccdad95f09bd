/* SPDX-License-Identifier: MIT
 *
 * Where the daemon's files are when nobody says so: systemd's folders, then the system's for root, then the user's own
 * (XDG Base Directory Specification 0.8). Reads the environment, never the disk.
 */
#ifndef NGMT_DEFAULT_PATH_H
#define NGMT_DEFAULT_PATH_H

#include <stdbool.h>

/* `origin` gets where the path came from: "default" or "environment variable X" (static). The caller frees; NULL if
 * memory runs out or (state and home only) if there is no home folder. */
char *default_path_state(bool is_root, const char **origin);

/* `state`: the folder in force, for want of anything better; may be NULL. */
char *default_path_socket(bool is_root, const char *state, const char **origin);

/* $HOME, else the password file's. */
char *default_path_home(void);

#endif
