/* SPDX-License-Identifier: MIT */
#include "top_screen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "interrupt.h"
#include "keys.h"
#include "term.h"

/* The other screen, no cursor, no wrapping; and back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[2J"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

#define NEWLINE "\r\n\033[K"

/* Signals that end the program where interrupt.h does not look. */
static const int fatal[] = { SIGHUP, SIGQUIT };
#define FATALS (sizeof(fatal) / sizeof(fatal[0]))

static struct termios before;
static struct sigaction former[FATALS], former_resize;
static bool is_open;
static char typed[64]; /* not taken as keys yet; a sequence is much shorter */
static size_t typed_len;

/* How long the rest of an escape sequence may take. */
#define SEQUENCE_MS 50

bool top_screen_can(void)
{
	const char *terminal = getenv("TERM");

	return term_is_terminal(stdin) && term_is_terminal(stdout) && terminal && strcmp(terminal, "dumb") != 0;
}

/* All of this may be called in a signal handler. */
static void restore(void)
{
	ssize_t ignored = write(STDOUT_FILENO, LEAVE, strlen(LEAVE));

	(void)ignored;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static void on_fatal(int number)
{
	restore();
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* Only wakes whoever waits. */
static void on_resize(int number)
{
	(void)number;
}

static void watch_signals(void)
{
	struct sigaction end = { .sa_handler = on_fatal }, resize = { .sa_handler = on_resize };

	interrupt_watch();
	(void)sigemptyset(&end.sa_mask);
	(void)sigemptyset(&resize.sa_mask);
	for (size_t i = 0; i < FATALS; i++)
		(void)sigaction(fatal[i], &end, &former[i]);
	(void)sigaction(SIGWINCH, &resize, &former_resize);
}

int top_screen_open(struct err *err)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return err_set(err, ERR_INTERNAL, "the terminal cannot be used: %s", strerror(errno));
	watch_signals();
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	raw.c_iflag &= ~(tcflag_t)IXON;
	/* Ctrl-C stays a signal, which ends waiting for the daemon, too; Ctrl-Z would leave the screen as it is. */
	raw.c_cc[VSUSP] = raw.c_cc[VQUIT] = _POSIX_VDISABLE;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	(void)fputs(ENTER, stdout);
	(void)fflush(stdout);
	typed_len = 0;
	is_open = true;
	return 0;
}

void top_screen_close(void)
{
	if (!is_open)
		return;
	is_open = false;
	(void)fflush(stdout);
	restore();
	for (size_t i = 0; i < FATALS; i++)
		(void)sigaction(fatal[i], &former[i], NULL);
	(void)sigaction(SIGWINCH, &former_resize, NULL);
}

void top_screen_size(unsigned *rows, unsigned *columns)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	*rows = size.ws_row;
	*columns = size.ws_col;
}

void top_screen_draw(const struct page *page)
{
	unsigned rows, columns;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	top_screen_size(&rows, &columns);
	/* Each line is cleared before it is written: behind a full one the last character would go. */
	(void)fputs("\033[H\033[K", out);
	page_print(page, out, NEWLINE);
	/* No newline behind the last line: it would scroll the first one away. */
	if (fclose(out) == 0 && size >= strlen(NEWLINE))
		(void)fwrite(text, 1, size - (page->count > 0 ? strlen(NEWLINE) : 0), stdout);
	if (page->count < rows)
		(void)fputs("\r\n\033[J", stdout);
	(void)fflush(stdout);
	free(text);
}

static enum top_key meaning(const struct key *key)
{
	static const struct {
		enum key_name name;
		const char *text;
		enum top_key key;
	} keys[] = {
		{ KEY_TEXT, "q", TOP_KEY_QUIT },  { KEY_TEXT, "Q", TOP_KEY_QUIT },   { KEY_ESCAPE, "", TOP_KEY_QUIT },
		{ KEY_LEAVE, "", TOP_KEY_QUIT },  { KEY_TEXT, "r", TOP_KEY_LOOK },   { KEY_REDRAW, "", TOP_KEY_LOOK },
		{ KEY_TEXT, "p", TOP_KEY_PAUSE }, { KEY_TEXT, " ", TOP_KEY_PAUSE }, { KEY_TEXT, "h", TOP_KEY_HELP },
		{ KEY_TEXT, "?", TOP_KEY_HELP },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].name == key->name && (key->name != KEY_TEXT || strcmp(keys[i].text, key->text) == 0))
			return keys[i].key;
	return TOP_KEY_OTHER;
}

/* Takes one key out of what was typed. */
static bool take_key(bool is_all, enum top_key *found)
{
	struct key key;
	size_t used = typed_len > 0 ? keys_take(typed, typed_len, is_all, &key) : 0;

	if (used == 0)
		return false;
	typed_len -= used;
	memmove(typed, typed + used, typed_len);
	*found = meaning(&key);
	return true;
}

/* What was begun is an arrow, or the key Escape if nothing follows soon. */
enum top_key top_screen_key(int64_t deadline_ms)
{
	enum top_key found = TOP_KEY_NONE;
	short ready;
	ssize_t n;

	if (take_key(false, &found))
		return found;
	ready = interrupt_poll(STDIN_FILENO, POLLIN, typed_len > 0 ? clock_mono_ms() + SEQUENCE_MS : deadline_ms);
	if (interrupt_happened())
		return TOP_KEY_QUIT;
	if (!ready) {
		(void)take_key(true, &found);
		return found;
	}
	n = read(STDIN_FILENO, typed + typed_len, sizeof(typed) - typed_len);
	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN) ? TOP_KEY_NONE : TOP_KEY_QUIT;
	typed_len += (size_t)n;
	(void)take_key(false, &found);
	return found;
}
