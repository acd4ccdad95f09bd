/* SPDX-License-Identifier: MIT */
#include "picker_screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "term.h"

/* How long the rest of an escape sequence may take; after that it was the key Escape. */
#define SEQUENCE_MS 50

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define ENDING (sizeof(ending) / sizeof(ending[0]))

static volatile sig_atomic_t ended_by;

struct screen {
	struct termios before;
	struct sigaction actions[ENDING];
	struct sigaction resize_action;
	sigset_t mask_before;
	sigset_t waiting_mask;
	char bytes[64];
	size_t len;
};

static void on_ending(int number)
{
	ended_by = number;
}

static void on_resize(int number)
{
	(void)number;
}

bool picker_screen_can(void)
{
	const char *terminal = getenv("TERM");

	return term_can_ask() && term_is_terminal(stdout) && terminal && strcmp(terminal, "dumb") != 0;
}

/* Blocked all the time except inside ppoll, so that none slips in between a test and the sleep. */
static void watch_signals(struct screen *screen)
{
	struct sigaction action = { .sa_handler = on_ending }, resize = { .sa_handler = on_resize };
	sigset_t blocked;

	ended_by = 0;
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGWINCH);
	for (size_t i = 0; i < ENDING; i++)
		(void)sigaddset(&blocked, ending[i]);
	(void)sigprocmask(SIG_BLOCK, &blocked, &screen->mask_before);
	screen->waiting_mask = screen->mask_before;
	for (size_t i = 0; i < ENDING; i++) {
		(void)sigaction(ending[i], &action, &screen->actions[i]);
		(void)sigdelset(&screen->waiting_mask, ending[i]);
	}
	(void)sigdelset(&screen->waiting_mask, SIGWINCH);
	(void)sigaction(SIGWINCH, &resize, &screen->resize_action);
}

static void release_signals(struct screen *screen)
{
	for (size_t i = 0; i < ENDING; i++)
		(void)sigaction(ending[i], &screen->actions[i], NULL);
	(void)sigaction(SIGWINCH, &screen->resize_action, NULL);
	/* One that came has its usual effect now. */
	if (ended_by)
		(void)raise(ended_by);
	(void)sigprocmask(SIG_SETMASK, &screen->mask_before, NULL);
}

static int open_screen(struct screen *screen)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &screen->before) < 0)
		return -1;
	raw = screen->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		return -1;
	/* The other screen, no cursor, no wrapping of long lines. */
	(void)fputs("\033[?1049h\033[?25l\033[?7l", stderr);
	return 0;
}

static void close_screen(const struct screen *screen)
{
	(void)fputs("\033[?7h\033[?25h\033[?1049l", stderr);
	(void)fflush(stderr);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &screen->before);
}

static void draw(struct picker *picker)
{
	struct winsize size = { 0 };

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	picker_resize(picker, size.ws_row);
	picker_draw(picker, stderr, size.ws_col);
	(void)fflush(stderr);
}

/* 1: bytes came; 0: none in time, or a signal came; -1: the terminal is gone. */
static int wait_for_bytes(struct screen *screen)
{
	struct pollfd one = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec soon = { .tv_nsec = SEQUENCE_MS * 1000000L };
	int ready = ppoll(&one, 1, screen->len > 0 ? &soon : NULL, &screen->waiting_mask);
	ssize_t n;

	if (ready <= 0)
		return ready < 0 && errno != EINTR ? -1 : 0;
	n = read(STDIN_FILENO, screen->bytes + screen->len, sizeof(screen->bytes) - screen->len);
	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : -1;
	screen->len += (size_t)n;
	return 1;
}

static enum picker_end press_all(struct screen *screen, struct picker *picker, bool is_all)
{
	enum picker_end end = PICKER_GOES_ON;
	struct key key;
	size_t used;

	while (end == PICKER_GOES_ON && screen->len > 0 &&
	       (used = keys_take(screen->bytes, screen->len, is_all, &key)) > 0) {
		screen->len -= used;
		memmove(screen->bytes, screen->bytes + used, screen->len);
		end = picker_press(picker, &key);
	}
	return end;
}

static enum picker_end run(struct screen *screen, struct picker *picker)
{
	enum picker_end end = PICKER_GOES_ON;

	while (end == PICKER_GOES_ON) {
		int came;

		draw(picker);
		came = wait_for_bytes(screen);
		if (came < 0 || ended_by)
			return PICKER_LEFT;
		end = press_all(screen, picker, came == 0);
	}
	return end;
}

enum picker_end picker_screen_run(struct picker *picker)
{
	struct screen screen = { .len = 0 };
	enum picker_end end = PICKER_LEFT;

	watch_signals(&screen);
	if (open_screen(&screen) == 0) {
		end = run(&screen, picker);
		close_screen(&screen);
	}
	release_signals(&screen);
	return end;
}
