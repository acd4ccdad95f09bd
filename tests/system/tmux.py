# SPDX-License-Identifier: MIT
"""A real terminal for the system tests: tmux with a server of its own, in which a program runs, is typed at and looked
at.

    with Terminal([program("client/ngmtctl"), "console"], columns=80, rows=24, environment=environment) as terminal:
        terminal.wait_for("ngmt")                # a text, a compiled pattern, or a function of the screen
        terminal.line("show summary")            # types it, and Enter
        terminal.send("Tab", "C-c", "Up")        # keys by tmux's names
        terminal.resize(120, 30)
        assert terminal.end() == 0               # until the program has ended: its exit status

(or the fixture open_terminal(command, ...), which closes them by itself). Nothing sleeps: tmux copies what the program
prints into a fifo, and each time something arrives the screen is looked at again. The screen stays when the program has
ended. A text that stood on the screen before is found again at once: wait_for(text, count=2) waits for the second."""
import os
import pathlib
import re
import select
import shutil
import subprocess
import tempfile
import time

from ngmt import SANITIZER_REPORT, clean_environment

PATIENCE_S = 30  # until a test gives up; nothing takes that long when it works
GLANCE_S = 0.1  # the longest time between two looks: an end, and a change of size, put nothing into the fifo
HISTORY = 5000  # lines that are kept above the screen


class Terminal:
    def __init__(self, command, columns=80, rows=24, environment=None, folder=None):
        self._place = pathlib.Path(tempfile.mkdtemp(prefix="ngmt-tmux-"))
        self._fifo = None
        self._is_open = True
        self._environment = dict(clean_environment() if environment is None else environment)
        for name in ("TMUX", "TMUX_PANE"):
            self._environment.pop(name, None)
        os.mkfifo(self._place / "output")
        # Open for both: a fifo without a writer would be ready all the time.
        self._fifo = os.open(self._place / "output", os.O_RDWR | os.O_NONBLOCK)
        try:
            self._start([str(word) for word in command], columns, rows, str(folder or self._place))
        except BaseException:
            self.close()
            raise

    def _start(self, command, columns, rows, folder):
        # A single word would be taken for a line of shell.
        command = command if len(command) > 1 else ["env", *command]
        settings = {"default-terminal": "screen-256color", "remain-on-exit": "on", "remain-on-exit-format": "",
                    "status": "off", "escape-time": "0", "history-limit": str(HISTORY)}
        words = ["start-server"]
        for name, value in settings.items():
            words += [";", "set-option", "-g", name, value]
        self._tmux(*words, ";", "new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", folder, "--", *command)
        # In vain if the program has ended already.
        self._tmux("pipe-pane", "-O", f"exec cat >'{self._place}/output'", check=False)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def _tmux(self, *words, check=True):
        done = subprocess.run(["tmux", "-S", str(self._place / "s"), "-f", "/dev/null", *words], text=True,
                              env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=PATIENCE_S)
        assert not check or done.returncode == 0, (words, done.stderr)
        return done.stdout

    def close(self):
        """Ends tmux, and with a hang-up the program if it still runs."""
        if not self._is_open:
            return
        self._is_open = False
        self._tmux("kill-server", check=False)
        os.close(self._fifo)
        shutil.rmtree(self._place, ignore_errors=True)

    # -- looking

    def screen(self):
        """The lines of the screen as one text, without blanks at their ends."""
        return self._tmux("capture-pane", "-p").rstrip("\n")

    def everything(self):
        """The screen and what was scrolled away above it; long lines in one piece."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-").rstrip("\n")

    def styled(self):
        """The screen with its escape sequences for colours."""
        return self._tmux("capture-pane", "-p", "-e").rstrip("\n")

    def lines(self):
        return self.screen().split("\n")

    def last_line(self):
        """The last line that is not empty: where a prompt stands."""
        return self.lines()[-1]

    def cursor(self):
        """(column, row), both from 0."""
        column, row = self._tmux("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return int(column), int(row)

    def size(self):
        columns, rows = self._tmux("display-message", "-p", "#{pane_width} #{pane_height}").split()
        return int(columns), int(rows)

    def pid(self):
        return int(self._tmux("display-message", "-p", "#{pane_pid}"))

    # -- doing

    def send(self, *keys):
        """Presses keys by tmux's names: "Enter", "Tab", "C-c", "Up", "BSpace", "q"."""
        self._tmux("send-keys", *keys)

    def type(self, text):
        """Types a text as it is."""
        # tmux takes a ";" at the end for its own.
        self._tmux("send-keys", "-l", "--", text[:-1] + "\\;" if text.endswith(";") else text)

    def line(self, text):
        self.type(text)
        self.send("Enter")

    def resize(self, columns, rows):
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    # -- waiting

    def _wait_for_output(self, until):
        left = min(GLANCE_S, until - time.monotonic())
        if left > 0 and select.select([self._fifo], [], [], left)[0]:
            os.read(self._fifo, 1 << 16)

    def wait_until(self, condition, what, timeout=PATIENCE_S, look=None):
        """Until `condition(screen)` is true: what it returned. `look` is screen() unless another is given."""
        until = time.monotonic() + timeout
        while True:
            shown = (look or self.screen)()
            found = condition(shown)
            if found:
                return found
            assert time.monotonic() < until, f"waited {timeout} s in vain for {what}; on the screen:\n{shown}"
            self._wait_for_output(until)

    def wait_for(self, wanted, count=1, timeout=PATIENCE_S, look=None):
        """Until a text or a compiled pattern stands on the screen `count` times, or a function of the screen is true.

        Returns the last match of a pattern, True for a text, or what the function returned."""
        if callable(wanted):
            return self.wait_until(wanted, "a condition", timeout, look)
        if isinstance(wanted, re.Pattern):
            return self.wait_until(lambda shown: (list(wanted.finditer(shown))[count - 1:] or [None])[-1],
                                   repr(wanted.pattern), timeout, look)
        return self.wait_until(lambda shown: shown.count(wanted) >= count, repr(wanted), timeout, look)

    def wait_for_last_line(self, wanted, timeout=PATIENCE_S):
        """Until the last line that is not empty is this text, or matches this pattern as a whole."""
        if isinstance(wanted, re.Pattern):
            return self.wait_until(lambda shown: wanted.fullmatch(shown.split("\n")[-1]), repr(wanted.pattern), timeout)
        return self.wait_until(lambda shown: shown.split("\n")[-1] == wanted, repr(wanted), timeout)

    def wait_until_gone(self, text, timeout=PATIENCE_S):
        self.wait_until(lambda shown: text not in shown, f"the end of {text!r}", timeout)

    def has_ended(self):
        return self._tmux("display-message", "-p", "#{pane_dead}").strip() == "1"

    def _ending(self):
        """("9", "") or ("", "15"); None as long as it is not known."""
        if not self.has_ended():
            return None
        words = "#{pane_dead_status},#{pane_dead_signal}"
        ending = tuple(self._tmux("display-message", "-p", words).strip().split(","))
        if ending == ("", ""):
            # Now and then tmux 3.3 misses that its child has ended, until another one does.
            self._tmux("run-shell", "true")
            return None
        return ending

    def end(self, timeout=PATIENCE_S):
        """Until the program has ended by itself: its exit status; negative if a signal ended it."""
        status, number = self.wait_until(lambda unused: self._ending(), "the end of the program", timeout)
        report = SANITIZER_REPORT.search(self.everything())
        assert not report, self.everything()[report.start():]
        return int(status) if status else -int(number or 0)
