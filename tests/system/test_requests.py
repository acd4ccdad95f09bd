# SPDX-License-Identifier: MIT
"""Amazon's botocore judges every request that ngmtd sent: shape by its service model, signature by its signer."""
import calendar
import json
import re
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.loaders
import botocore.model
import botocore.validate
import pytest

from ngmt import HIT, REASON, Room, assignment, bonuses, calls, check_books, submit, worker
from simclient import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Simulator

SERVICE = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("mturk", "service-2"))
PREFIX = SERVICE.metadata["targetPrefix"] + "."
SIGNED = ["content-type", "host", "x-amz-date", "x-amz-target"]
EVERYTHING = {"GetAccountBalance", "GetHIT", "ListHITs", "ListAssignmentsForHIT", "GetAssignment", "ListBonusPayments",
              "ApproveAssignment", "RejectAssignment", "SendBonus", "AssociateQualificationWithWorker"}
TOKEN = "FwoGZXIvYXdzEXAMPLE/session+token=="
TEXTS = ["Thank you", "Vielen Dank für Ihre Zeit – grüße aus Köln", "ありがとう 🎉 \"quoted\" \\ / 5 > 3 & 2 < 4",
         "line\nbreak\ttab"]


# -- the judge --------------------------------------------------------------------------------------------------------


def complaints_about(value, shape, path):
    """What the model says against a value beyond botocore's own validation: strangers, patterns, lengths, enums."""
    if shape.type_name == "structure":
        for name in set(value) - set(shape.members):
            yield f"{path}: no member {name}"
        for name, member in shape.members.items():
            if name in value:
                yield from complaints_about(value[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        for one in value:
            yield from complaints_about(one, shape.member, f"{path}[]")
    elif shape.type_name == "string":
        pattern, most, words = shape.metadata.get("pattern"), shape.metadata.get("max"), getattr(shape, "enum", [])
        if pattern and not re.search(pattern, value):
            yield f"{path}: {value!r} is not {pattern}"
        if most is not None and len(value) > most:
            yield f"{path}: longer than {most}"
        if words and value not in words:
            yield f"{path}: {value!r} is none of {words}"
    elif shape.type_name == "integer":
        most = shape.metadata.get("max")
        if most is not None and value > most:
            yield f"{path}: above {most}"


def headers_of(request):
    headers = {}
    for name, value in request["headers"]:
        assert name.lower() not in headers, f"{name} twice"
        headers[name.lower()] = value
    return headers


def check_shape(request, headers):
    assert (request["method"], request["path"], request["query"]) == ("POST", "/", "")
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert headers["x-amz-target"].startswith(PREFIX)
    assert "expect" not in headers and "transfer-encoding" not in headers
    assert headers["user-agent"].startswith("ngmt/")
    assert not request["latin1"]
    assert int(headers["content-length"]) == len(request["body"].encode())
    operation = SERVICE.operation_model(headers["x-amz-target"][len(PREFIX):])
    assert operation.name == request["operation"]
    body = json.loads(request["body"])
    report = botocore.validate.ParamValidator().validate(body, operation.input_shape)
    assert not report.has_errors(), report.generate_report()
    assert list(complaints_about(body, operation.input_shape, operation.name)) == []


def check_signature(request, headers, endpoint, keys):
    access_key_id, secret_access_key, token = keys
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
                         headers["authorization"])
    credential, signed, signature = found.groups()
    names = signed.split(";")
    assert names == sorted(SIGNED + (["x-amz-security-token"] if token else []))
    assert headers.get("x-amz-security-token") == token
    assert credential == f"{access_key_id}/{headers['x-amz-date'][:8]}/us-east-1/mturk-requester/aws4_request"
    again = botocore.awsrequest.AWSRequest(method="POST", url=endpoint, data=request["body"].encode(),
                                           headers={name: headers[name] for name in names})
    again.context["timestamp"] = headers["x-amz-date"]
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(access_key_id, secret_access_key, token),
                                     "mturk-requester", "us-east-1")
    assert signer.signed_headers(signer.headers_to_sign(again)) == signed
    wanted = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    assert signature == wanted, signer.canonical_request(again)


def sent_at(headers):
    return calendar.timegm(time.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ"))


def judge(sim, since=0, token=None, skew_s=0):
    """Judges what was recorded; returns the operations seen. Boto3's own requests are left out."""
    seen = set()
    keys = (ACCESS_KEY_ID, SECRET_ACCESS_KEY, token)
    for request in sim.requests(since=since):
        headers = headers_of(request)
        if headers["user-agent"].startswith("Boto3"):
            continue
        check_shape(request, headers)
        check_signature(request, headers, sim.endpoint, keys)
        if not request["error"]:  # a clock that is off by some minutes is accepted, and needs not be learned
            assert abs(sent_at(headers) - (request["at_ms"] / 1000 + skew_s)) < 600, "the date is not the endpoint's"
        seen.add(request["operation"])
    assert sim.control("GET", "/sim/requests")["lost"] == 0
    return seen


# -- everything that ngmtd can send -----------------------------------------------------------------------------------


def do_everything(sim, daemon, directory, reason=REASON, token=None):
    """A run in which every operation occurs, with second pages too."""
    numbers = range(1, 103)
    submit(sim, numbers, max_assignments=200)
    for number in range(101):
        sim.hit(hit=f"3NGMTPAGE{number:021}", reward="0.10", max_assignments=1)
    kind = sim.boto3_client(session_token=token).create_qualification_type(
        Name="Played", Description="Has played before", QualificationTypeStatus="Active")["QualificationType"]
    room = Room(directory, addDisconnected=True)
    room.player(1, 2.5, hitid=None).player(2, 0.3).player(3, 10.0).disconnected(4, 1).write()
    daemon.load(room)
    daemon.call("get", what="hits", limit=5)
    last = daemon.pay(["approve", "reject", "bonus", "qualify"], reason=reason, feedback=reason,
                      qualification_type_id=kind["QualificationTypeId"])
    assert (last["done"], last["total"]) == (10, 10), last
    check_books(sim, daemon, {1: 250, 2: 30, 3: 1000})
    assert {bonus["reason"] for bonus in sim.books("bonuses")["bonuses"]} == {reason}


@pytest.mark.parametrize("text", TEXTS)
def test_botocore_agrees_with_every_request(sim, daemon, tmp_path, text):
    do_everything(sim, daemon, tmp_path / "data", reason=text)
    assert judge(sim) == EVERYTHING
    pages = [json.loads(r["body"]) for r in sim.requests() if r["operation"] in ("ListAssignmentsForHIT", "ListHITs")]
    assert any("NextToken" in body for body in pages), "no second page was asked for"


def test_botocore_agrees_over_plain_http(make_daemon, tmp_path):
    with Simulator(tls=False) as sim:
        daemon = make_daemon(sim)
        do_everything(sim, daemon, tmp_path / "data")
        assert judge(sim) == EVERYTHING
        daemon.terminate()


def test_botocore_agrees_with_a_session_token(sim, make_daemon, tmp_path):
    sim.credentials(session_token=TOKEN)
    daemon = make_daemon(sim, keys={"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY,
                                    "session_token": TOKEN})
    do_everything(sim, daemon, tmp_path / "data", token=TOKEN)
    assert judge(sim, token=TOKEN) == EVERYTHING


@pytest.mark.parametrize("skew_s", [-9000, -400, 400, 100000])
def test_a_wrong_clock_is_learned(sim, daemon, room, skew_s):
    """The endpoint's clock differs: the first answer tells, everything after it is signed with the endpoint's time."""
    sim.skew(skew_s)
    submit(sim, range(1, 11))
    for number in range(1, 11):
        room.player(number, 1)
    daemon.load(room.write())
    daemon.pay()
    check_books(sim, daemon, {number: 100 for number in range(1, 11)})
    refused = [r for r in sim.requests() if r["error"]]
    assert len(refused) <= 4 and (refused or abs(skew_s) < 900), [r["error"] for r in refused]
    assert {r["operation"] for r in refused}.isdisjoint({"SendBonus", "ApproveAssignment"})
    judge(sim, skew_s=skew_s)


def test_a_clock_that_becomes_wrong_while_it_runs(sim, daemon, room):
    submit(sim, range(1, 11))
    for number in range(1, 11):
        room.player(number, 1)
    daemon.load(room.write())
    digest = daemon.plan()["digest"]
    planned = len(sim.requests())
    sim.skew(7200)
    batch = daemon.call("apply", do=["approve", "bonus"], reason=REASON, digest=digest)["batch"]
    assert daemon.follow(batch)[-1]["done"] == 20
    check_books(sim, daemon, {number: 100 for number in range(1, 11)})
    judge(sim, since=planned + 1, skew_s=7200)


def test_requests_that_are_sent_again_are_judged_too(sim, daemon, room):
    """Resends have a signature of their own time and the token of the first."""
    submit(sim, range(1, 6))
    for number in range(1, 6):
        room.player(number, 1)
    sim.faults({"operation": "SendBonus", "kind": "drop-after", "count": 2},
               {"operation": "SendBonus", "kind": "status", "status": 500, "count": 2, "execute": True},
               {"operation": "ApproveAssignment", "kind": "drop-during", "count": 2})
    daemon.load(room.write())
    daemon.pay()
    check_books(sim, daemon, {number: 100 for number in range(1, 6)})
    assert judge(sim) >= {"SendBonus", "ApproveAssignment"}
    sent = {}
    for request in sim.requests():
        if request["operation"] == "SendBonus":
            body = json.loads(request["body"])
            sent.setdefault(body["AssignmentId"], []).append((body["UniqueRequestToken"], request["body"]))
    assert sum(len(times) for times in sent.values()) == 9
    assert all(len(set(times)) == 1 for times in sent.values()), "a resend differs from the first"


def test_amounts_are_exact_on_the_wire(sim, daemon, room):
    amounts = {1: ("0.01", 1), 2: ("0.1", 10), 3: ("1", 100), 4: ("2.50", 250), 5: ("10", 1000), 6: ("4.35", 435),
               7: ("0.57", 57), 8: ("1.10", 110)}
    submit(sim, amounts)
    for number, (text, _) in amounts.items():
        room.player(number, text)
    daemon.load(room.write())
    daemon.pay(["bonus"])
    assert bonuses(sim) == {assignment(n): [cents] for n, (_, cents) in amounts.items()}
    for request in sim.requests():
        if request["operation"] == "SendBonus":
            assert re.fullmatch(r"[0-9]+\.[0-9]{2}", json.loads(request["body"])["BonusAmount"])


def test_notifications_are_not_sent_unless_asked(sim, daemon, room):
    submit(sim, [1])
    kind = sim.boto3_client().create_qualification_type(Name="Played", Description="x",
                                                        QualificationTypeStatus="Active")
    type_id = kind["QualificationType"]["QualificationTypeId"]
    daemon.load(room.player(1).write())
    daemon.pay(["qualify"], qualification_type_id=type_id)
    daemon.pay(["qualify"], qualification_type_id=type_id, integer_value=2, send_notification=True)
    sent = [json.loads(r["body"]) for r in sim.requests() if r["operation"] == "AssociateQualificationWithWorker"]
    assert [(body["IntegerValue"], body["SendNotification"]) for body in sent] == [(1, False), (2, True)]
    assert {body["WorkerId"] for body in sent} == {worker(1)}


def test_the_daemon_asks_only_for_what_it_needs(sim, daemon, room):
    """Bulk reads: a room of one HIT costs one GetHIT and a page of each list, not one request a row."""
    submit(sim, range(1, 31))
    for number in range(1, 31):
        room.player(number, 1)
    daemon.load(room.write())
    daemon.pay()
    assert {op: calls(sim, op) for op in ("GetHIT", "ListAssignmentsForHIT", "ListBonusPayments", "GetAssignment")} == {
        "GetHIT": 1, "ListAssignmentsForHIT": 1, "ListBonusPayments": 1, "GetAssignment": 0}
    assert [HIT in r["body"] for r in sim.requests() if r["operation"] == "GetHIT"] == [True]
