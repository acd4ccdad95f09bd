# SPDX-License-Identifier: MIT
"""Fixtures of the system tests that drive a real ngmtd; see ngmt.py."""
import pytest

from ngmt import Connection, Daemon, Room
from protocol import Judge, Protocol
from simclient import Simulator
from tmux import Terminal


@pytest.fixture(scope="session")
def protocol():
    return Protocol()


@pytest.fixture(autouse=True)
def judge(monkeypatch, protocol):
    """Whatever a daemon answers in any test is as ngmt-protocol(7) says."""
    judge = Judge(protocol, Connection)
    judge.install(monkeypatch)
    return judge


@pytest.fixture
def sim():
    with Simulator() as running:
        yield running


@pytest.fixture
def make_daemon(tmp_path):
    """Makes daemons, not started yet; each is ended and checked after the test."""
    made = []

    def make(sim=None, name=None, start=True, **more):
        if sim is not None:
            more.setdefault("endpoint", sim.endpoint)
            more.setdefault("ca_bundle", sim.ca_bundle if sim.tls else None)
        daemon = Daemon(tmp_path / (name or f"ngmt{len(made)}"), **more)
        made.append(daemon)
        return daemon.start() if start else daemon

    yield make
    failures = []
    for daemon in made:
        try:
            daemon.finish()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture
def daemon(sim, make_daemon):
    return make_daemon(sim)


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path / "data")


@pytest.fixture
def open_terminal():
    """Runs programs in terminals of their own (tmux.py), which are closed after the test."""
    opened = []

    def open_one(command, **more):
        opened.append(Terminal(command, **more))
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.close()
