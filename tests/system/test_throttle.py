# SPDX-License-Identifier: MIT
"""Too fast, no access, no money, nobody there: what pauses, what status says, and how it goes on."""
import pytest

from ngmt import REASON, RpcError, bonuses, calls, check_books, submit, wait_until
from simclient import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Simulator

RECHECK_S = 30  # how often a daemon with a pause looks whether it may go on (pauses.c)


def fill(sim, room, numbers, bonus=1):
    submit(sim, numbers)
    for number in numbers:
        room.player(number, bonus)
    return room.write()


def lanes(daemon):
    """{lane: why it is paused}"""
    return {lane["lane"]: lane["paused"] for lane in daemon.call("status")["lanes"]}


def wait_for_pause(daemon, lane="bonus"):
    wait_until(lambda: lanes(daemon)[lane], lambda: f"lane {lane} is not paused: {daemon.call('status')}")


# -- too fast ---------------------------------------------------------------------------------------------------------


def test_throttled_by_the_endpoint(sim, daemon, room):
    numbers = range(1, 26)
    daemon.load(fill(sim, room, numbers))
    sim.throttle(20, 5)
    last = daemon.pay()
    assert (last["done"], last["failed"], last["unsure"]) == (50, 0, 0)
    check_books(sim, daemon, {number: 100 for number in numbers})
    throttled = sum(count["throttled"] for count in sim.books("account")["calls"].values())
    rate = daemon.call("status")["rate"]
    assert throttled >= 1 and rate["throttled"] == throttled
    assert throttled <= 25, "it keeps knocking at a closed door"
    # What was refused for its pace was certainly not executed: nothing is in doubt.
    assert all("unsure" not in daemon.ledger.history(op["id"]) for op in daemon.ledger.operations())


@pytest.mark.parametrize("error", [
    {"kind": "error", "type": "ThrottlingException", "message": "Rate exceeded"},
    {"kind": "error", "type": "RequestThrottledException", "message": "slower"},
    {"kind": "error", "type": "RequestLimitExceeded", "message": "slower", "status": 503},
    {"kind": "error", "type": "SlowDown", "message": "slower", "status": 503},
    {"kind": "error", "type": "com.amazonaws.mturk#ThrottlingException", "message": "Rate exceeded (1624047673908)"},
    {"kind": "status", "status": 429, "body": "Too Many Requests"},
])
def test_every_word_for_too_fast(sim, daemon, room, error):
    daemon.load(fill(sim, room, range(1, 4)))
    sim.faults(*[{"operation": operation, "count": 1, **error}
                 for operation in ("SendBonus", "ApproveAssignment", "ListBonusPayments")])
    assert daemon.pay()["done"] == 6
    assert daemon.call("status")["rate"]["throttled"] == 3
    check_books(sim, daemon, {number: 100 for number in range(1, 4)})
    assert all("unsure" not in daemon.ledger.history(op["id"]) for op in daemon.ledger.operations())


def test_the_configured_interval_is_kept(sim, make_daemon, room):
    daemon = make_daemon(sim, options={"queue": {"throttle_interval": "50ms"}})
    daemon.load(fill(sim, room, range(1, 11)))
    daemon.pay()
    times = [request["at_ms"] for request in sim.requests()]
    # Arrivals jitter; what counts is that nowhere more arrive than the interval allows.
    assert times[-1] - times[0] >= (len(times) - 1) * 50 - 250
    check_books(sim, daemon, {number: 100 for number in range(1, 11)})


# -- no access --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [{"access_key_id": "AKIDUNKNOWN", "secret_access_key": SECRET_ACCESS_KEY},
                                  {"access_key_id": ACCESS_KEY_ID, "secret_access_key": "wrong"}, {}])
def test_wrong_keys_are_told_at_once(sim, make_daemon, room, keys):
    daemon = make_daemon(sim, keys=keys, environment={"HOME": "/nonexistent"})
    daemon.load(fill(sim, room, [1]))
    for method, params in (("connect", {}), ("get", {"what": "balance"}), ("plan", {"do": ["approve"]})):
        with pytest.raises(RpcError) as refused:
            daemon.call(method, **params)
        assert (refused.value.name, refused.value.data["exit_status"]) == ("credentials", 4), method
    daemon.ctl("connect", status=4)
    # Looking at what is loaded does not need the platform.
    summary = daemon.call("show", what="summary")
    assert summary["balance"]["available_cents"] is None and summary["balance"]["message"]
    assert summary["results"]["approve"] == 1


@pytest.mark.parametrize("loss", [{"secret_access_key": "changed"}, {"access_key_id": "AKIDOTHER"}, {"expired": True}])
def test_access_lost_while_it_pays(sim, daemon, room, loss):
    numbers = range(1, 11)
    daemon.load(fill(sim, room, numbers))
    sim.faults({"operation": "ApproveAssignment", "kind": "delay", "ms": 300})
    batch = daemon.apply()
    wait_until(lambda: calls(sim, "ApproveAssignment") >= 4, "it begins")
    sim.credentials(**{"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY, **loss})
    sim.faults()
    wait_until(lambda: all(lanes(daemon)[lane] for lane in ("approve", "bonus", "qualify")),
               lambda: daemon.call("status"))
    status = daemon.call("status")
    assert status["state"] == "paused"
    assert "nothing can be sent" in status["problems"][0]["what"] and "ngmtctl connect" in status["problems"][0]["hint"]
    described = daemon.call("batch", batch=batch)
    assert not described["finished"] and described["waiting_for"] and described["failed"] == 0
    with pytest.raises(RpcError) as refused:
        daemon.call("connect")
    assert refused.value.name == "credentials"
    asked = sum(count["calls"] for count in sim.books("account")["calls"].values())
    assert asked <= 40, "it goes on asking without access"
    sim.credentials(access_key_id=ACCESS_KEY_ID, secret_access_key=SECRET_ACCESS_KEY)
    assert daemon.call("connect")["available_cents"] > 0
    assert daemon.follow(batch)[-1]["done"] == 20
    assert daemon.call("status")["state"] == "ok" and daemon.call("status")["problems"] == []
    check_books(sim, daemon, {number: 100 for number in numbers})


def test_connect_reads_new_keys_from_the_shared_file(sim, make_daemon, room, tmp_path):
    """Keys were rotated: the old ones are refused, the new ones lie in AWS's file, and nothing needs a restart."""
    shared = tmp_path / "credentials"

    def write(secret):
        shared.write_text(f"[default]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {secret}\n")
        shared.chmod(0o600)

    write(SECRET_ACCESS_KEY)
    daemon = make_daemon(sim, keys={}, environment={"AWS_SHARED_CREDENTIALS_FILE": str(shared)})
    assert "credentials" in daemon.call("connect")["credentials"]
    daemon.load(fill(sim, room, [1, 2]))
    sim.credentials(access_key_id=ACCESS_KEY_ID, secret_access_key="rotated")
    with pytest.raises(RpcError):
        daemon.call("connect")
    write("rotated")
    daemon.call("connect")
    assert daemon.pay()["done"] == 4
    check_books(sim, daemon, {1: 100, 2: 100})


@pytest.mark.parametrize("source", ["configuration", "environment", "shared file", "shared file beside /dev/null"])
def test_where_keys_come_from(sim, make_daemon, tmp_path, source):
    shared = tmp_path / "credentials"
    shared.write_text(f"[lab]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_ACCESS_KEY}\n")
    shared.chmod(0o600)
    files = {"AWS_SHARED_CREDENTIALS_FILE": str(shared)}
    more, said = {
        "configuration": ({}, "configuration"),
        "environment": ({"keys": {}, "environment": {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
                                                     "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}},
                        "environment variables"),
        "shared file": ({"keys": {"profile": "lab"}, "environment": files}, str(shared)),
        "shared file beside /dev/null": ({"keys": {"profile": "lab"},
                                          "environment": {**files, "AWS_CONFIG_FILE": "/dev/null"}}, str(shared)),
    }[source]
    assert said in make_daemon(sim, **more).call("connect")["credentials"]


# -- no money ---------------------------------------------------------------------------------------------------------


def run_out_of_funds(sim, daemon, room):
    """Ten bonuses of $1.20 with their fees, and money for two of them. Returns the batch of the bonuses."""
    daemon.load(fill(sim, room, range(1, 11)))
    sim.balance("3.00")
    plan = daemon.plan(["bonus"])
    assert any("$9.00 short" in warning for warning in plan["warnings"]), plan["warnings"]
    batch = daemon.apply(["bonus"])
    wait_for_pause(daemon)
    wait_until(lambda: not daemon.ledger.operations(state="sending"), "answers")
    return batch


def test_out_of_funds_pauses_the_bonuses_only(sim, daemon, room):
    batch = run_out_of_funds(sim, daemon, room)
    assert sum(len(paid) for paid in bonuses(sim).values()) == 2
    assert {lane for lane, why in lanes(daemon).items() if why} == {"bonus"}
    described = daemon.call("batch", batch=batch)
    assert (described["waiting_for"], described["failed"], described["held"]) == ("funds", 0, 0)
    assert daemon.pay(["approve"])["approved"] == 10  # their money was put aside when the HIT was made
    assert daemon.call("status")["state"] == "paused"
    sim.balance("100.00")
    daemon.call("connect")
    assert daemon.follow(batch)[-1]["done"] == 10
    check_books(sim, daemon, {number: 100 for number in range(1, 11)})
    assert daemon.call("status")["problems"] == []


def test_status_says_how_much_is_missing(sim, daemon, room):
    """Eight bonuses are left: $9.60 with fees, and $0.60 are there."""
    run_out_of_funds(sim, daemon, room)
    wait_until(lambda: "$9.00 are missing for 8 bonuses" in daemon.call("status")["problems"][0]["what"],
               lambda: daemon.call("status")["problems"], patience_s=RECHECK_S - 10)
    assert "9.00" in daemon.ctl("status", status=None).stdout


def test_too_little_more_money_is_still_a_pause(sim, daemon, room):
    batch = run_out_of_funds(sim, daemon, room)
    sim.balance("1.19")
    daemon.call("connect")
    assert lanes(daemon)["bonus"]
    sim.balance("1.20")
    daemon.call("connect")
    wait_until(lambda: sum(len(paid) for paid in bonuses(sim).values()) == 3, "one more is paid")
    wait_for_pause(daemon)
    sim.balance("9.00")
    daemon.call("connect")
    assert daemon.follow(batch)[-1]["done"] == 10
    check_books(sim, daemon, {number: 100 for number in range(1, 11)}, approved=[])


def test_it_goes_on_by_itself_after_a_top_up(sim, daemon, room):
    batch = run_out_of_funds(sim, daemon, room)
    sim.balance("100.00")
    assert daemon.follow(batch)[-1]["done"] == 10
    check_books(sim, daemon, {number: 100 for number in range(1, 11)}, approved=[])


def test_the_client_leaves_with_its_own_status_when_funds_are_out(sim, daemon, room):
    daemon.load(fill(sim, room, range(1, 4)))
    sim.balance("2.00")
    daemon.ctl("bonus", "-r", REASON, "--yes", status=6)
    assert sum(len(paid) for paid in bonuses(sim).values()) == 1
    sim.balance("100.00")
    daemon.ctl("connect")
    daemon.wait_for_state("bonus/", "done")
    check_books(sim, daemon, {number: 100 for number in range(1, 4)}, approved=[])


def test_a_pause_is_found_again_after_a_restart(sim, daemon, room):
    run_out_of_funds(sim, daemon, room)
    daemon.restart()
    wait_for_pause(daemon)
    assert sum(len(paid) for paid in bonuses(sim).values()) == 2
    sim.balance("100.00")
    daemon.call("connect")
    daemon.wait_for_state("bonus/", "done")
    check_books(sim, daemon, {number: 100 for number in range(1, 11)}, approved=[])


# -- nobody there -----------------------------------------------------------------------------------------------------


def test_the_endpoint_goes_away_and_comes_back(make_daemon, room, tmp_path):
    state = tmp_path / "books.json"
    (tmp_path / "sim").mkdir()
    numbers = range(1, 9)
    with Simulator(directory=tmp_path / "sim", arguments=["--state", str(state)]) as sim:
        port = sim.port
        daemon = make_daemon(sim, options={"queue": {"retry_interval": "200ms"}})
        daemon.load(fill(sim, room, numbers))
        sim.faults({"operation": "*", "kind": "delay", "ms": 100})
        batch = daemon.apply()
        wait_until(lambda: daemon.ledger.count("done") >= 2, "it begins")
        sim.faults()
    wait_until(lambda: any("could not be reached" in (op["why"] or "") for op in daemon.ledger.operations()),
               lambda: daemon.ledger.operations())
    described = daemon.call("batch", batch=batch)
    assert (described["finished"], described["failed"], described["held"]) == (False, 0, 0)
    with Simulator(directory=tmp_path / "sim", arguments=["--state", str(state), "--port", str(port)]) as sim:
        assert daemon.follow(batch)[-1]["done"] == 16
        check_books(sim, daemon, {number: 100 for number in numbers})
        daemon.terminate()


def test_a_certificate_of_somebody_else_is_not_trusted(sim, make_daemon, room, tmp_path):
    (tmp_path / "other").mkdir()
    with Simulator(directory=tmp_path / "other") as other:
        daemon = make_daemon(endpoint=sim.endpoint, ca_bundle=other.ca_bundle)
        daemon.load(room.player(1).write())
        with pytest.raises(RpcError) as refused:
            daemon.call("connect")
        assert refused.value.name == "network"
    assert sim.requests() == []
