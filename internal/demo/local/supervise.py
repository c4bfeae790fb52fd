"""Run one program and end it, with everything that it started, when whoever asked for it is gone.

    supervise.py --signal TERM --grace 5 [--main-only] [--user UID:GID] -- PROGRAM [ARGUMENT...]

Airflow's tasks leave the process group of the scheduler that started them, so ending a group is not enough, and a parent that is
killed cannot end anything. So each program of the instance has this parent between it and chrononctl:

* Its standard input is a pipe whose other end only chrononctl holds. When chrononctl ends, however it ends, the pipe closes.
* On Linux it is a "child subreaper": a descendant whose parent ends becomes its child and cannot get away. Elsewhere the
  descendants that were alive when the end began are remembered, which is nearly as good.
* File descriptor 3, when open, is a file that it keeps locked, which says that something of this instance still runs.

When the pipe closes or SIGTERM comes it sends the signal to all descendants (or only to the program) and kills what is left after the
grace. SIGQUIT ends everything at once. Its exit status is the program's, 128 + N for a signal N.

It uses the standard library alone and runs on every Python since 3.9.
"""

import argparse
import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36  # from <sys/prctl.h>
LOCK_FD = 3
POLL_SECONDS = 0.05


def become_subreaper():
    """Make orphaned descendants children of this process. Returns whether the system can do that."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    return ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def parents_linux():
    """Map every process to its parent, from /proc."""
    parents = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError), open(f"/proc/{name}/stat", "rb") as stat:
            # The program's name stands in parentheses and may hold some; the parent is the second field after it.
            parents[int(name)] = int(stat.read().rpartition(b")")[2].split()[1])
    return parents


def parents_ps():
    """Map every process to its parent, where there is no /proc."""
    ps = subprocess.Popen(["ps", "-axo", "pid=,ppid="], stdout=subprocess.PIPE, text=True)
    parents = {int(pid): int(parent) for pid, parent in (line.split() for line in ps.communicate()[0].splitlines())}
    parents.pop(ps.pid, None)
    return parents


def descendants():
    """List the processes below this one."""
    parents = parents_linux() if sys.platform.startswith("linux") else parents_ps()
    below, frontier = set(), {os.getpid()}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier} - below
        below |= frontier
    return below


def alive(pid):
    """Say whether a process that is not our child still exists."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


class Supervisor:
    """One program and its descendants."""

    def __init__(self, command, signal_number, grace, main_only, user):
        self.signal_number = signal_number
        self.grace = grace
        self.main_only = main_only
        self.status = None  # of the program, once it has ended
        self.asked = False  # to end
        self.hurried = False  # to end at once
        self.exact = become_subreaper()
        self.remembered = set()
        self.wake, wake_end = os.pipe()
        os.set_blocking(wake_end, False)
        os.set_blocking(self.wake, False)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGQUIT, self._hurry)
        for ignored in (signal.SIGINT, signal.SIGHUP):  # of the terminal; chrononctl decides what they mean
            signal.signal(ignored, signal.SIG_IGN)
        identity = {}
        if user:
            uid, gid = (int(part) for part in user.split(":"))
            identity = {"user": uid, "group": gid, "extra_groups": [], "cwd": "/"}
        # Popen would hand SIG_IGN on to the program.
        self.child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=restore_signals, **identity
        )

    def _ask(self, *_):
        self.asked = True

    def _hurry(self, *_):
        self.asked = self.hurried = True

    def reap(self):
        """Collect every child that has ended, adopted ones too."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.child.pid:
                self.status = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)

    def wait(self):
        """Return when the program has ended or the end was asked for."""
        watched = [0, self.wake]
        while self.status is None and not self.asked:
            ready = select.select(watched, [], [])[0]
            if self.wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake, 4096)
            if 0 in ready and not os.read(0, 4096):
                return
            self.reap()

    def living(self):
        """List what is still to be ended."""
        below = descendants()
        if not self.exact:
            self.remembered = {pid for pid in self.remembered if alive(pid)} | below
            return self.remembered
        return below

    def end(self):
        """End everything below, politely first."""
        targets = [self.child.pid] if self.main_only and self.status is None else self.living()
        self.send(targets, self.signal_number)
        deadline = time.monotonic() + self.grace
        while True:
            self.reap()
            living = self.living()
            if not living:
                return
            if time.monotonic() >= deadline or self.hurried:
                self.send(living, signal.SIGKILL)
            time.sleep(POLL_SECONDS)

    @staticmethod
    def send(pids, number):
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, number)


def restore_signals():
    """Give the program the signals as a shell would."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)


def main():
    parser = argparse.ArgumentParser(description="Run one program and end it with all that it started.")
    parser.add_argument("--signal", choices=["TERM", "INT"], default="TERM")
    parser.add_argument("--grace", type=float, default=5)
    parser.add_argument("--main-only", action="store_true")
    parser.add_argument("--user", help="UID:GID to run the program as; only root can")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    with contextlib.suppress(OSError):
        fcntl.flock(LOCK_FD, fcntl.LOCK_SH | fcntl.LOCK_NB)
    try:
        number = getattr(signal, "SIG" + args.signal)
        supervisor = Supervisor(args.command, number, args.grace, args.main_only, args.user)
    except OSError as error:
        print(f"{args.command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    supervisor.wait()
    supervisor.end()
    return 128 + supervisor.signal_number if supervisor.status is None else supervisor.status


if __name__ == "__main__":
    sys.exit(main())
