# SPDX-License-Identifier: MIT
"""mturk-sim judged by Amazon's own clients: boto3, botocore's signer and model, and awscli."""
import concurrent.futures
import datetime
import http.client
import json
import pathlib
import re
import socket
import subprocess
import time
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import botocore.loaders
import pytest

from simclient import ACCESS_KEY_ID, SECRET_ACCESS_KEY, ControlError, Simulator, binary

DAY_S = 24 * 3600
HIT = "3NGMTHIT0000000000000000000001"
QUESTION = "<HTMLQuestion/>"


@pytest.fixture
def sim():
    with Simulator() as running:
        yield running


@pytest.fixture
def client(sim):
    return sim.boto3_client()


@pytest.fixture
def work(sim):
    """Three submitted assignments of a HIT with a reward of one dollar."""
    sim.hit(hit=HIT, reward="1.00", max_assignments=9)
    return sim.submit(hit=HIT, assignments=[
        {"assignment": f"3NGMTASG{i:05}", "worker": f"A1NGMT{i:07}X", "code": f"code{i}"} for i in range(3)])


def account(sim):
    books = sim.books("account")["account"]
    return books["available"], books["on_hold"]


def refusal(call, **members):
    """The error that a call ends with: (type, sentence without the time stamp, TurkErrorCode).

    boto3 shows the TurkErrorCode only of the errors in its model: RequestError and ServiceFault."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**members)
    response = caught.value.response
    return (response["Error"]["Code"], re.sub(r" \(\d{13}\)$", "", response["Error"]["Message"]),
            response.get("TurkErrorCode"))


def create_hit(client, **members):
    order = dict(Title="A title", Description="A description", Reward="1.00", LifetimeInSeconds=3600,
                 AssignmentDurationInSeconds=600, Question=QUESTION)
    order.update(members)
    return client.create_hit(**order)["HIT"]


def bonus(item, **members):
    order = dict(WorkerId=item["worker"], AssignmentId=item["assignment"], BonusAmount="2.50", Reason="Thank you")
    order.update(members)
    return order


# -- the table of requests against Amazon's model --------------------------------------------------------------------


def model():
    return botocore.loaders.Loader().load_service_model("mturk", "service-2")


def dumped():
    return json.loads(subprocess.run([binary(), "--dump-shapes"], check=True, capture_output=True).stdout)


def test_types_are_amazons():
    shapes = model()["shapes"]
    for name, ours in dumped()["types"].items():
        theirs = shapes[name]
        assert ours["type"] == theirs["type"], name
        for limit in ("min", "max", "pattern"):
            assert ours.get(limit) == theirs.get(limit), (name, limit)
        assert ours.get("enum") == (", ".join(theirs["enum"]) if "enum" in theirs else None), name
        assert ours.get("element") == theirs.get("member", {}).get("shape"), name


def members_of(shape):
    return {name: {"type": member["shape"], "required": name in shape.get("required", [])}
            for name, member in shape["members"].items()}


def test_members_are_amazons():
    amazon, ours = model(), dumped()
    for name, members in ours["structures"].items():
        assert members == members_of(amazon["shapes"][name]), name
    for name, members in ours["operations"].items():
        assert members == members_of(amazon["shapes"][amazon["operations"][name]["input"]["shape"]]), name
    missing = set(amazon["operations"]) - set(ours["operations"])
    assert missing == {"GetFileUploadURL", "ListReviewPolicyResultsForHIT", "SendTestEventNotification",
                       "UpdateHITReviewStatus", "UpdateHITTypeOfHIT", "UpdateNotificationSettings"}


def test_limits_name_members_of_operations():
    ours = dumped()
    for limit in ours["limits"]:
        assert limit["member"] in ours["operations"][limit["operation"]], limit


# -- signatures ------------------------------------------------------------------------------------------------------


def signed(sim, operation, body, when=None, **scope):
    """Headers of a request as botocore signs it; `when` moves its clock."""
    request = botocore.awsrequest.AWSRequest("POST", sim.endpoint, data=body, headers={
        "X-Amz-Target": "MTurkRequesterServiceV20170117." + operation, "Content-Type": "application/x-amz-json-1.1"})
    signer = botocore.auth.SigV4Auth(
        botocore.credentials.Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY),
        scope.get("service", "mturk-requester"), scope.get("region", "us-east-1"))
    if when is None:
        signer.add_auth(request)
    else:
        request.context["timestamp"] = when.strftime("%Y%m%dT%H%M%SZ")
        signer._modify_request_before_signing(request)
        canonical = signer.canonical_request(request)
        signature = signer.signature(signer.string_to_sign(request, canonical), request)
        signer._inject_signature_to_request(request, signature)
    return dict(request.prepare().headers.items())


def post(sim, headers, body, path="/", method="POST"):
    connection = sim.connect(timeout=20)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, json.loads(text) if text else None, response


def test_a_signed_request_by_hand(sim):
    status, reply, response = post(sim, signed(sim, "GetAccountBalance", "{}"), "{}")
    assert (status, reply["AvailableBalance"]) == (200, "10000.00")
    assert str(uuid.UUID(response.getheader("x-amzn-RequestId"))) == response.getheader("x-amzn-RequestId")
    assert response.getheader("Content-Type") == "application/x-amz-json-1.1"
    assert response.getheader("Date").endswith("GMT")


def test_wrong_keys(sim):
    assert refusal(sim.boto3_client(access_key_id="AKIDOTHER").get_account_balance) == (
        "UnrecognizedClientException", "The security token included in the request is invalid.", None)
    code, message, _ = refusal(sim.boto3_client(secret_access_key="wrong").get_account_balance)
    assert code == "InvalidSignatureException"
    assert message.startswith("The request signature we calculated does not match the signature you provided.")


def test_a_changed_body(sim):
    status, reply, _ = post(sim, signed(sim, "GetAccountBalance", "{}"), "{ }")
    assert (status, reply["__type"]) == (400, "InvalidSignatureException")


def test_the_signature_covers_odd_bytes(sim, client):
    name = "Ünïcode ✓ \U0001f600 \"quoted\" \\ / \t tab"
    made = client.create_qualification_type(Name=name, Description=name, QualificationTypeStatus="Active")
    assert made["QualificationType"]["Name"] == name


@pytest.mark.parametrize("minutes,sentence", [(-16, "Signature expired: "), (16, "Signature not yet current: ")])
def test_dates_far_off(sim, minutes, sentence):
    when = datetime.datetime.utcnow() + datetime.timedelta(minutes=minutes)
    status, reply, _ = post(sim, signed(sim, "GetAccountBalance", "{}", when), "{}")
    assert (status, reply["__type"]) == (400, "InvalidSignatureException")
    assert reply["message"].startswith(sentence + when.strftime("%Y%m%dT%H%M%SZ"))


@pytest.mark.parametrize("minutes", [-14, 14])
def test_dates_somewhat_off(sim, minutes):
    when = datetime.datetime.utcnow() + datetime.timedelta(minutes=minutes)
    assert post(sim, signed(sim, "GetAccountBalance", "{}", when), "{}")[0] == 200


def test_the_clock_of_signatures_can_be_wrong(sim, client):
    sim.skew(-3600)
    code, message, _ = refusal(client.get_account_balance)
    assert (code, message[:25]) == ("InvalidSignatureException", "Signature not yet current")
    _, _, response = post(sim, signed(sim, "GetAccountBalance", "{}"), "{}")
    stamp = datetime.datetime.strptime(response.getheader("Date"), "%a, %d %b %Y %H:%M:%S GMT")
    assert 3590 < (datetime.datetime.utcnow() - stamp).total_seconds() < 3660
    sim.skew(0)
    client.get_account_balance()


@pytest.mark.parametrize("scope,sentence", [
    ({"region": "us-west-2"}, "Credential should be scoped to a valid region"),
    ({"service": "s3"}, "Credential should be scoped to correct service: 'mturk-requester'.")])
def test_wrong_scopes(sim, scope, sentence):
    _, reply, _ = post(sim, signed(sim, "GetAccountBalance", "{}", **scope), "{}")
    assert reply["__type"] == "InvalidSignatureException"
    assert reply["message"].startswith(sentence)


@pytest.mark.parametrize("authorization,kind", [
    (None, "MissingAuthenticationTokenException"),
    ("", "IncompleteSignatureException"),
    ("Bearer x", "IncompleteSignatureException"),
    ("AWS4-HMAC-SHA256 x", "IncompleteSignatureException"),
    ("AWS4-HMAC-SHA256 Credential=AKIDREHEARSAL", "IncompleteSignatureException"),
    ("AWS4-HMAC-SHA256 Credential=/////////, SignedHeaders=;;;;, Signature=f", "IncompleteSignatureException"),
    ("AWS4-HMAC-SHA256 " + "=" * 9000, "IncompleteSignatureException")])
def test_broken_authorization(sim, authorization, kind):
    headers = signed(sim, "GetAccountBalance", "{}")
    del headers["Authorization"]
    if authorization is not None:
        headers["Authorization"] = authorization
    status, reply, _ = post(sim, headers, "{}")
    assert (status, reply["__type"]) == (400, kind)


def test_session_tokens(sim, client):
    sim.credentials(session_token="a session token of some length/+=")
    assert refusal(client.get_account_balance)[0] == "UnrecognizedClientException"
    temporary = sim.boto3_client(session_token="a session token of some length/+=")
    temporary.get_account_balance()
    assert refusal(sim.boto3_client(session_token="other").get_account_balance)[0] == "UnrecognizedClientException"
    sim.credentials(expired=True)
    assert refusal(temporary.get_account_balance) == (
        "ExpiredTokenException", "The security token included in the request is expired", None)
    sim.credentials(session_token=None)
    client.get_account_balance()


def test_keys_from_files(tmp_path):
    (tmp_path / "secret").write_text("another secret\n")
    with Simulator(arguments=["--access-key", "AKIDTEST", "--secret-key-file", str(tmp_path / "secret")]) as sim:
        sim.boto3_client("AKIDTEST", "another secret").get_account_balance()
        assert refusal(sim.boto3_client().get_account_balance)[0] == "UnrecognizedClientException"


def test_requests_are_recorded_so_that_botocore_can_judge(sim, client, work):
    client.send_bonus(**bonus(work[0], Reason="Merci à toi", UniqueRequestToken="t"))
    record = sim.requests()[-1]
    headers = {name.lower(): value for name, value in record["headers"]}
    assert (record["method"], record["path"], record["operation"]) == ("POST", "/", "SendBonus")
    assert (record["status"], record["error"], record["executed"]) == (200, "", True)
    assert json.loads(record["body"])["Reason"] == "Merci à toi"
    request = botocore.awsrequest.AWSRequest("POST", sim.endpoint, data=record["body"].encode(), headers={
        name: headers[name] for name in ("x-amz-target", "content-type")})
    request.context["timestamp"] = headers["x-amz-date"]
    request.headers["X-Amz-Date"] = headers["x-amz-date"]
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY),
                                     "mturk-requester", "us-east-1")
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    assert headers["authorization"].endswith("Signature=" + signature)


# -- the protocol ----------------------------------------------------------------------------------------------------


def test_unknown_operations(sim):
    for target in ("GrantBonus", "SendTestEventNotification", ""):
        status, reply, _ = post(sim, signed(sim, target, "{}"), "{}")
        assert (status, reply["__type"]) == (400, "UnknownOperationException")
    headers = signed(sim, "GetAccountBalance", "{}")
    del headers["X-Amz-Target"]
    assert post(sim, headers, "{}")[1]["__type"] == "UnknownOperationException"


@pytest.mark.parametrize("body", ["", "{", "[]", "7", "null", "\"x\"", "{\"HITId\": NaN}", "{\"HITId\": 3}",
                                  "{\"HITId\": [\"3X\"]}", "{\"HITId\": true}", "{'HITId': '3X'}", "[" * 100])
def test_unreadable_bodies(sim, body):
    status, reply, _ = post(sim, signed(sim, "GetHIT", body), body)
    assert (status, reply["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize("body", [b"\xff\xfe{}", b"{\"HITId\": \"\xc3\x28\"}", b"\x00" * 100])
def test_bodies_that_are_no_text(sim, body):
    status, reply, _ = post(sim, signed(sim, "GetHIT", body), body)
    assert (status, reply["__type"]) == (400, "SerializationException")
    record = sim.requests()[-1]
    assert record["body"].encode("latin1" if record["latin1"] else "utf-8") == body


def test_the_pattern_in_amazons_words(sim, work):
    body = json.dumps(bonus(work[0], BonusAmount="0.9752"))
    status, reply, _ = post(sim, signed(sim, "SendBonus", body), body)
    assert (status, reply) == (400, {
        "__type": "ValidationException",
        "message": "1 validation error detected: Value '0.9752' at 'bonusAmount' failed to satisfy constraint: "
                   "Member must satisfy regular expression pattern: ^[0-9]+(\\.)?[0-9]{0,2}$"})


def test_what_the_reference_forbids(sim, client, work):
    body = json.dumps(bonus(work[0], BonusAmount="0.00"))
    status, reply, _ = post(sim, signed(sim, "SendBonus", body), body)
    stamp = re.fullmatch(r'The value "0\.00" is not valid for the parameter BonusAmount\. \((\d{13})\)',
                         reply["Message"])
    assert abs(int(stamp.group(1)) / 1000 - time.time()) < 60
    assert (status, reply["__type"], reply["TurkErrorCode"]) == (
        400, "ParameterValidationError", "AWS.MechanicalTurk.InvalidParameterValue")
    assert refusal(client.send_bonus, **bonus(work[0], Reason="bell\x07"))[0] == "ParameterValidationError"
    assert refusal(client.send_bonus, **bonus(work[0], BonusAmount="9" * 40))[0] == "ParameterValidationError"
    assert refusal(client.reject_assignment, AssignmentId=work[0]["assignment"],
                   RequesterFeedback="x" * 1025)[0] == "ParameterValidationError"
    assert refusal(client.notify_workers, Subject="x" * 201, MessageText="m",
                   WorkerIds=["A1X"])[0] == "ParameterValidationError"


def test_other_paths_and_methods(sim):
    for method, path, status in (("GET", "/", 200), ("GET", "/other", 404), ("POST", "/other", 404),
                                 ("POST", "/?Action=x", 404), ("PUT", "/", 501), ("DELETE", "/", 501)):
        connection = sim.connect()
        connection.request(method, path)
        response = connection.getresponse()
        assert response.status == status, (method, path)
        assert (b"rehearsal endpoint" in response.read()) == (status == 200)
        connection.close()


@pytest.mark.parametrize("rubbish", [
    b"\x16\x03\x01" * 50, b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n", b"A" * 100000,
    b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n"])
def test_rubbish_on_the_wire(rubbish):
    with Simulator(tls=False) as sim:
        with socket.create_connection((sim.host, sim.port), timeout=20) as raw:
            try:
                raw.sendall(rubbish)
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(65536):
                    pass
            except OSError:
                pass
        sim.boto3_client().get_account_balance()


def test_too_many_headers_are_refused(sim):
    headers = signed(sim, "GetAccountBalance", "{}")
    headers.update({f"X-Extra-{i}": "x" for i in range(70)})
    connection = sim.connect()
    connection.request("POST", "/", "{}", headers)
    assert connection.getresponse().status == 400


def test_connections_are_kept(sim):
    connection = sim.connect()
    connection.connect()
    port = connection.sock.getsockname()
    for _ in range(50):
        connection.request("POST", "/", "{}", signed(sim, "GetAccountBalance", "{}"))
        response = connection.getresponse()
        assert response.status == 200 and response.read()
    assert connection.sock.getsockname() == port


# -- HITs ------------------------------------------------------------------------------------------------------------


def test_a_hit_from_birth_to_disposal(sim, client):
    hit = create_hit(client, MaxAssignments=2, Keywords="a, b", RequesterAnnotation="batch 1")
    assert hit["HITStatus"] == "Assignable"
    assert (hit["Reward"], hit["MaxAssignments"], hit["RequesterAnnotation"]) == ("1.00", 2, "batch 1")
    assert hit["Expiration"] - hit["CreationTime"] == datetime.timedelta(hours=1)
    assert hit["AutoApprovalDelayInSeconds"] == 30 * DAY_S
    assert client.get_hit(HITId=hit["HITId"])["HIT"] == hit
    items = sim.submit(hit=hit["HITId"], count=2)
    hit = client.get_hit(HITId=hit["HITId"])["HIT"]
    assert (hit["HITStatus"], hit["NumberOfAssignmentsAvailable"], hit["NumberOfAssignmentsCompleted"]) == (
        "Reviewable", 0, 0)
    assert refusal(client.delete_hit, HITId=hit["HITId"])[2] == "AWS.MechanicalTurk.InvalidHITState"
    client.approve_assignment(AssignmentId=items[0]["assignment"])
    client.reject_assignment(AssignmentId=items[1]["assignment"], RequesterFeedback="")
    assert client.get_hit(HITId=hit["HITId"])["HIT"]["NumberOfAssignmentsCompleted"] == 2
    client.delete_hit(HITId=hit["HITId"])
    code, message, turk = refusal(client.delete_hit, HITId=hit["HITId"])
    assert (code, turk) == ("RequestError", "AWS.MechanicalTurk.InvalidHITState")
    assert "currently in the state 'Disposed'" in message
    assert client.list_hits()["NumResults"] == 0
    assert client.get_hit(HITId=hit["HITId"])["HIT"]["HITStatus"] == "Disposed"


def test_unknown_things(client):
    assert refusal(client.get_hit, HITId="3NONE") == (
        "RequestError", "Hit 3NONE does not exist.", "AWS.MechanicalTurk.HITDoesNotExist")
    assert refusal(client.get_assignment, AssignmentId="3NONE") == (
        "RequestError", "Assignment 3NONE does not exist.", "AWS.MechanicalTurk.AssignmentDoesNotExist")
    assert refusal(client.get_qualification_type, QualificationTypeId="3NONE")[2] == (
        "AWS.MechanicalTurk.QualificationTypeDoesNotExist")
    assert refusal(client.create_hit_with_hit_type, HITTypeId="3NONE", LifetimeInSeconds=60,
                   Question=QUESTION)[2] == "AWS.MechanicalTurk.HITTypeDoesNotExist"


def test_hit_types(client):
    terms = dict(Title="t", Description="d", Reward="0.50", AssignmentDurationInSeconds=60)
    first = client.create_hit_type(**terms)["HITTypeId"]
    assert client.create_hit_type(**terms)["HITTypeId"] == first
    assert client.create_hit_type(**dict(terms, Reward="0.51"))["HITTypeId"] != first
    hit = client.create_hit_with_hit_type(HITTypeId=first, LifetimeInSeconds=60, Question=QUESTION)["HIT"]
    assert (hit["HITTypeId"], hit["Reward"]) == (first, "0.50")


def test_a_hit_needs_one_question(client):
    terms = dict(Title="t", Description="d", Reward="0.50", AssignmentDurationInSeconds=60, LifetimeInSeconds=60)
    assert refusal(client.create_hit, **terms)[0] == "InvalidParameterCombinationError"
    assert refusal(client.create_hit, **dict(terms, Question=QUESTION, HITLayoutId="3L"))[0] == (
        "InvalidParameterCombinationError")
    assert refusal(client.create_hit, **dict(terms, Question=QUESTION, LifetimeInSeconds=29))[0] == (
        "ParameterValidationError")


def test_money_of_hits(sim, client):
    create_hit(client, MaxAssignments=9)
    assert account(sim) == ("9989.20", "10.80")
    create_hit(client, MaxAssignments=10)
    assert account(sim) == ("9975.20", "24.80")
    assert refusal(client.create_hit, Title="t", Description="d", Reward="999999.99", LifetimeInSeconds=60,
                   AssignmentDurationInSeconds=60, Question=QUESTION, MaxAssignments=1000000000)[2] == (
        "AWS.MechanicalTurk.InsufficientFunds")
    assert account(sim) == ("9975.20", "24.80")
    assert client.list_hits()["NumResults"] == 2


def test_expiration(sim, client):
    hit = create_hit(client, MaxAssignments=5)
    token = hit["HITId"] + "Thu Jan 01 00:00:00 UTC 1970"
    client.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=0)
    assert client.get_hit(HITId=hit["HITId"])["HIT"]["HITStatus"] == "Reviewable"
    assert account(sim) == ("10000.00", "0.00")
    assert refusal(client.update_expiration_for_hit, HITId=hit["HITId"], ExpireAt=0)[1] == (
        f'The idempotency token "{token}" has already been processed.')
    client.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=int(time.time()) + 3600)
    assert client.get_hit(HITId=hit["HITId"])["HIT"]["HITStatus"] == "Assignable"
    assert account(sim) == ("9994.00", "6.00")
    sim.advance(3601)
    assert client.list_reviewable_hits()["HITs"][0]["HITId"] == hit["HITId"]
    assert account(sim) == ("10000.00", "0.00")


def test_additional_assignments(sim, client):
    hit = create_hit(client, MaxAssignments=5)["HITId"]
    client.create_additional_assignments_for_hit(HITId=hit, NumberOfAdditionalAssignments=4, UniqueRequestToken="t")
    assert account(sim)[1] == "10.80"
    assert refusal(client.create_additional_assignments_for_hit, HITId=hit, NumberOfAdditionalAssignments=4,
                   UniqueRequestToken="t")[1] == 'The idempotency token "t" has already been processed.'
    assert refusal(client.create_additional_assignments_for_hit, HITId=hit, NumberOfAdditionalAssignments=1)[2] == (
        "AWS.MechanicalTurk.InvalidMaximumAssignmentsIncrease")
    many = create_hit(client, MaxAssignments=10)["HITId"]
    client.create_additional_assignments_for_hit(HITId=many, NumberOfAdditionalAssignments=5)
    assert client.get_hit(HITId=many)["HIT"]["MaxAssignments"] == 15
    sim.balance("1.00")
    assert refusal(client.create_additional_assignments_for_hit, HITId=many, NumberOfAdditionalAssignments=5)[2] == (
        "AWS.MechanicalTurk.InsufficientFunds")
    assert client.get_hit(HITId=many)["HIT"]["MaxAssignments"] == 15


def test_the_token_of_create_hit(sim, client):
    hit = create_hit(client, UniqueRequestToken="t")
    order = dict(Title="t", Description="d", Reward="1", LifetimeInSeconds=60, AssignmentDurationInSeconds=60,
                 Question=QUESTION, UniqueRequestToken="t")
    assert refusal(client.create_hit, **order) == (
        "RequestError", f'The HIT with ID "{hit["HITId"]}" already exists.', "AWS.MechanicalTurk.HitAlreadyExists")
    sim.advance(DAY_S)
    assert client.create_hit(**order)["HIT"]["HITId"] != hit["HITId"]


# -- assignments -----------------------------------------------------------------------------------------------------


def test_an_assignment(sim, client, work):
    reply = client.get_assignment(AssignmentId=work[1]["assignment"])
    item = reply["Assignment"]
    assert (item["WorkerId"], item["HITId"], item["AssignmentStatus"]) == (work[1]["worker"], HIT, "Submitted")
    assert "<FreeText>code1</FreeText>" in item["Answer"]
    assert item["AutoApprovalTime"] - item["SubmitTime"] == datetime.timedelta(days=30)
    assert reply["HIT"]["HITId"] == HIT
    client.approve_assignment(AssignmentId=item["AssignmentId"], RequesterFeedback="Thanks")
    item = client.get_assignment(AssignmentId=item["AssignmentId"])["Assignment"]
    assert (item["AssignmentStatus"], item["RequesterFeedback"]) == ("Approved", "Thanks")
    assert item["ApprovalTime"] >= item["SubmitTime"]


def test_approve_twice(sim, client, work):
    before = account(sim)
    client.approve_assignment(AssignmentId=work[0]["assignment"])
    assert refusal(client.approve_assignment, AssignmentId=work[0]["assignment"]) == (
        "RequestError", "This operation can be called with a status of: Submitted",
        "AWS.MechanicalTurk.InvalidAssignmentState")
    assert refusal(client.reject_assignment, AssignmentId=work[0]["assignment"], RequesterFeedback="no")[2] == (
        "AWS.MechanicalTurk.InvalidAssignmentState")
    assert sim.books("assignments")["assignments"][0]["approvals"] == 1
    assert account(sim) == (before[0], "9.60")


def test_override_rejection(sim, client, work):
    client.reject_assignment(AssignmentId=work[0]["assignment"], RequesterFeedback="no")
    assert account(sim) == ("9990.40", "9.60")
    assert refusal(client.approve_assignment, AssignmentId=work[0]["assignment"])[2] == (
        "AWS.MechanicalTurk.InvalidAssignmentState")
    sim.balance("1.19")
    assert refusal(client.approve_assignment, AssignmentId=work[0]["assignment"], OverrideRejection=True)[2] == (
        "AWS.MechanicalTurk.InsufficientFunds")
    sim.balance("1.20")
    client.approve_assignment(AssignmentId=work[0]["assignment"], OverrideRejection=True)
    assert account(sim)[0] == "0.00"


def test_override_is_too_late(sim, client, work):
    client.reject_assignment(AssignmentId=work[0]["assignment"], RequesterFeedback="no")
    sim.advance(30 * DAY_S + 60)
    assert refusal(client.approve_assignment, AssignmentId=work[0]["assignment"], OverrideRejection=True)[2] == (
        "AWS.MechanicalTurk.InvalidAssignmentState")


def test_auto_approval(sim, client):
    hit = create_hit(client, AutoApprovalDelayInSeconds=600, MaxAssignments=3, LifetimeInSeconds=10000)["HITId"]
    item = sim.submit(hit=hit, count=1)[0]["assignment"]
    sim.advance(590)
    assert client.get_assignment(AssignmentId=item)["Assignment"]["AssignmentStatus"] == "Submitted"
    sim.advance(20)
    got = client.get_assignment(AssignmentId=item)["Assignment"]
    assert (got["AssignmentStatus"], got["ApprovalTime"]) == ("Approved", got["AutoApprovalTime"])
    assert account(sim) == ("9996.40", "2.40")
    assert sim.books("assignments")["assignments"][0]["is_auto_approved"]


def test_work_in_flight(sim, client):
    sim.hit(hit=HIT, max_assignments=1)
    item = sim.accept(hit=HIT, count=1)[0]
    hit = client.get_hit(HITId=HIT)["HIT"]
    assert (hit["HITStatus"], hit["NumberOfAssignmentsPending"]) == ("Unassignable", 1)
    assert client.list_assignments_for_hit(HITId=HIT)["NumResults"] == 0
    assert refusal(client.get_assignment, AssignmentId=item["assignment"])[1] == (
        "This operation can be called with a status of: Reviewable,Approved,Rejected")
    assert refusal(client.send_bonus, **bonus(item))[2] == "AWS.MechanicalTurk.AssignmentDoesNotExist"
    sim.submit(hit=HIT, assignments=[{"assignment": item["assignment"]}])
    client.approve_assignment(AssignmentId=item["assignment"])


def test_lists_by_status(client, work):
    client.approve_assignment(AssignmentId=work[0]["assignment"])
    client.reject_assignment(AssignmentId=work[1]["assignment"], RequesterFeedback="no")

    def ids(**members):
        return [a["AssignmentId"] for a in client.list_assignments_for_hit(HITId=HIT, **members)["Assignments"]]
    assert len(ids()) == 3
    assert ids(AssignmentStatuses=["Approved"]) == [work[0]["assignment"]]
    assert ids(AssignmentStatuses=["Submitted", "Rejected"]) == [work[1]["assignment"], work[2]["assignment"]]


def test_pages(sim, client):
    sim.hit(hit=HIT, max_assignments=1000, reward="0.10")
    made = [item["assignment"] for item in sim.submit(hit=HIT, count=250)]
    seen, token, sizes = [], {}, []
    while True:
        page = client.list_assignments_for_hit(HITId=HIT, MaxResults=100, **token)
        seen += [item["AssignmentId"] for item in page["Assignments"]]
        sizes.append(page["NumResults"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert (seen, sizes) == (made, [100, 100, 50])
    assert client.list_assignments_for_hit(HITId=HIT)["NumResults"] == 10
    last = token["NextToken"]
    for forged in (last[:-1] + "0", "x", "p1:" + "0" * 40, last.replace("p1", "p2")):
        assert refusal(client.list_assignments_for_hit, HITId=HIT, NextToken=forged)[0] == "ParameterValidationError"
    assert refusal(client.list_hits, NextToken=last)[0] == "ParameterValidationError"


# -- bonuses ---------------------------------------------------------------------------------------------------------


def test_a_bonus(sim, client, work):
    before = account(sim)[0]
    client.send_bonus(**bonus(work[0]))
    assert round(float(before) - float(account(sim)[0]), 2) == 3.00
    for by in ({"HITId": HIT}, {"AssignmentId": work[0]["assignment"]}):
        reply = client.list_bonus_payments(**by)
        assert reply["NumResults"] == 1
        paid = reply["BonusPayments"][0]
        assert (paid["WorkerId"], paid["BonusAmount"], paid["Reason"]) == (work[0]["worker"], "2.50", "Thank you")
        assert isinstance(paid["GrantTime"], datetime.datetime)
    assert client.list_bonus_payments(AssignmentId=work[1]["assignment"])["BonusPayments"] == []
    assert refusal(client.list_bonus_payments)[0] == "InvalidParameterCombinationError"


def test_without_a_token_it_pays_again(sim, client, work):
    for _ in range(3):
        client.send_bonus(**bonus(work[0]))
    assert len(sim.books("bonuses")["bonuses"]) == 3


def test_the_token_of_a_bonus(sim, client, work):
    client.send_bonus(**bonus(work[0], UniqueRequestToken="once"))
    for again in (bonus(work[0], UniqueRequestToken="once"), bonus(work[1], UniqueRequestToken="once")):
        assert refusal(client.send_bonus, **again) == (
            "RequestError", 'The idempotency token "once" has already been processed.', None)
    sim.advance(DAY_S - 60)
    assert refusal(client.send_bonus, **bonus(work[0], UniqueRequestToken="once"))[0] == "RequestError"
    sim.advance(61)
    client.send_bonus(**bonus(work[0], UniqueRequestToken="once"))
    assert [b["token"] for b in sim.books("bonuses")["bonuses"]] == ["once", "once"]


def test_out_of_funds_moves_nothing(sim, client, work):
    sim.balance("2.99")
    assert refusal(client.send_bonus, **bonus(work[0], UniqueRequestToken="t")) == (
        "RequestError", "This Requester has insufficient funds in their account to complete this transaction. Please "
        "visit https://requester.mturk.com/prepayments/new to purchase Prepaid HITs.",
        "AWS.MechanicalTurk.InsufficientFunds")
    assert account(sim)[0] == "2.99"
    assert sim.books("bonuses", "tokens")["bonuses"] == []
    sim.balance("3.00")
    client.send_bonus(**bonus(work[0], UniqueRequestToken="t"))
    assert account(sim)[0] == "0.00"


def test_the_wrong_worker(client, work):
    assert refusal(client.send_bonus, **bonus(work[0], WorkerId="A9NGMT0000009X")) == (
        "ParameterValidationError", 'The value "A9NGMT0000009X" is not valid for the parameter WorkerId.', None)


# -- qualifications, messages, blocks --------------------------------------------------------------------------------


def test_qualifications(sim, client, work):
    made = client.create_qualification_type(Name="Took part", Description="d", Keywords="k",
                                            QualificationTypeStatus="Active")["QualificationType"]
    kind = made["QualificationTypeId"]
    assert refusal(client.create_qualification_type, Name="Took part", Description="d",
                   QualificationTypeStatus="Active")[2] == "AWS.MechanicalTurk.QualificationTypeAlreadyExists"
    assert client.get_qualification_type(QualificationTypeId=kind)["QualificationType"] == made
    worker = work[0]["worker"]
    assert refusal(client.get_qualification_score, QualificationTypeId=kind, WorkerId=worker)[2] == (
        "AWS.MechanicalTurk.QualificationDoesNotExist")
    client.associate_qualification_with_worker(QualificationTypeId=kind, WorkerId=worker, SendNotification=False)
    client.associate_qualification_with_worker(QualificationTypeId=kind, WorkerId=worker, IntegerValue=7)
    score = client.get_qualification_score(QualificationTypeId=kind, WorkerId=worker)["Qualification"]
    assert (score["IntegerValue"], score["Status"]) == (7, "Granted")
    assert sim.books("qualification_types")["qualification_types"][0]["grants"][0]["messages"] == 1
    listed = client.list_workers_with_qualification_type(QualificationTypeId=kind)
    assert [q["WorkerId"] for q in listed["Qualifications"]] == [worker]
    client.disassociate_qualification_from_worker(QualificationTypeId=kind, WorkerId=worker)
    assert refusal(client.disassociate_qualification_from_worker, QualificationTypeId=kind, WorkerId=worker)[2] == (
        "AWS.MechanicalTurk.InvalidQualificationState")
    assert client.list_workers_with_qualification_type(QualificationTypeId=kind, Status="Granted")["NumResults"] == 0
    assert client.list_workers_with_qualification_type(QualificationTypeId=kind, Status="Revoked")["NumResults"] == 1


def test_qualification_types(client):
    kind = client.create_qualification_type(Name="First", Description="alpha", QualificationTypeStatus="Active",
                                            )["QualificationType"]["QualificationTypeId"]
    client.create_qualification_type(Name="Second", Description="beta", QualificationTypeStatus="Active")
    assert client.list_qualification_types(MustBeRequestable=False)["NumResults"] == 2
    assert client.list_qualification_types(MustBeRequestable=False, Query="ALPHA")["NumResults"] == 1
    client.update_qualification_type(QualificationTypeId=kind, QualificationTypeStatus="Inactive")
    assert refusal(client.associate_qualification_with_worker, QualificationTypeId=kind, WorkerId="A1X")[2] == (
        "AWS.MechanicalTurk.InvalidQualificationTypeState")
    hit = create_hit(client, QualificationRequirements=[{"QualificationTypeId": kind, "Comparator": "Exists"}])
    create_hit(client)
    listed = client.list_hits_for_qualification_type(QualificationTypeId=kind)
    assert [h["HITId"] for h in listed["HITs"]] == [hit["HITId"]]
    client.delete_qualification_type(QualificationTypeId=kind)
    assert client.list_qualification_types(MustBeRequestable=False)["NumResults"] == 1
    assert client.list_qualification_requests()["QualificationRequests"] == []
    for call in (client.accept_qualification_request, client.reject_qualification_request):
        assert refusal(call, QualificationRequestId="x")[2] == "AWS.MechanicalTurk.QualificationRequestDoesNotExist"


def test_messages(sim, client, work):
    reply = client.notify_workers(Subject="s", MessageText="m", WorkerIds=[work[0]["worker"], "A9NGMT0000009X"])
    assert reply["NotifyWorkersFailureStatuses"] == [{
        "NotifyWorkersFailureCode": "HardFailure", "WorkerId": "A9NGMT0000009X",
        "NotifyWorkersFailureMessage": "Cannot send a notification to a worker who has not done any work for you"}]
    sent = sim.books("notifications")["notifications"]
    assert (sent[0]["subject"], sent[0]["workers"], sent[0]["failures"]) == (
        "s", [work[0]["worker"]], ["A9NGMT0000009X"])


def test_blocks(client):
    client.create_worker_block(WorkerId="A1NGMT0000001X", Reason="too fast")
    assert client.list_worker_blocks()["WorkerBlocks"] == [{"WorkerId": "A1NGMT0000001X", "Reason": "too fast"}]
    client.delete_worker_block(WorkerId="A1NGMT0000001X")
    assert client.list_worker_blocks()["NumResults"] == 0


# -- throttle and faults ---------------------------------------------------------------------------------------------


def test_throttle(sim, client):
    sim.throttle(0.001, burst=3)
    for _ in range(3):
        client.get_account_balance()
    assert refusal(client.get_account_balance) == ("ThrottlingException", "Rate exceeded", None)
    calls = sim.books("none")["calls"]["GetAccountBalance"]
    assert (calls["succeeded"], calls["throttled"]) == (3, 1)
    sim.throttle(0)
    client.get_account_balance()


def test_a_throttled_bonus_is_not_paid(sim, client, work):
    sim.throttle(0.001, burst=1)
    client.get_account_balance()
    assert refusal(client.send_bonus, **bonus(work[0], UniqueRequestToken="t"))[0] == "ThrottlingException"
    assert sim.books("bonuses", "tokens")["bonuses"] == []
    sim.throttle(0)
    client.send_bonus(**bonus(work[0], UniqueRequestToken="t"))


def test_amazons_client_learns_the_rate(sim):
    sim.throttle(20, burst=20)
    adaptive = sim.boto3_client(retries={"mode": "standard", "total_max_attempts": 10})
    for _ in range(40):
        adaptive.get_account_balance()
    rates = sim.books("none")["rates"]
    assert sum(rate["accepted"] for rate in rates) == 40


BROKEN = (botocore.exceptions.ConnectionClosedError, botocore.exceptions.EndpointConnectionError,
          botocore.exceptions.ReadTimeoutError)


def paid(sim):
    return len(sim.books("bonuses")["bonuses"])


@pytest.mark.parametrize("kind,executed", [("drop-before", 0), ("drop-after", 1)])
def test_dropped_connections(sim, client, work, kind, executed):
    sim.faults({"operation": "SendBonus", "kind": kind, "count": 1})
    client.get_account_balance()
    with pytest.raises(BROKEN):
        client.send_bonus(**bonus(work[0], UniqueRequestToken="t"))
    assert paid(sim) == executed
    assert sim.requests()[-1]["fault"] == kind
    if executed:
        assert refusal(client.send_bonus, **bonus(work[0], UniqueRequestToken="t"))[0] == "RequestError"
    else:
        client.send_bonus(**bonus(work[0], UniqueRequestToken="t"))
    assert paid(sim) == 1


def raw_answer(sim, body):
    """Everything that comes back on a connection of its own until it is closed."""
    connection = sim.connect(timeout=20)
    connection.request("POST", "/", body, signed(sim, "SendBonus", body))
    received = b""
    try:
        while True:
            piece = connection.sock.recv(65536)
            if not piece:
                break
            received += piece
    except OSError:
        pass
    connection.close()
    return received


def test_dropped_during_the_head(sim, work):
    sim.faults({"kind": "drop-during", "count": 1})
    received = raw_answer(sim, json.dumps(bonus(work[0])))
    assert received.startswith(b"HTTP/1.1 200") and b"\r\n\r\n" not in received
    assert paid(sim) == 1


def test_half_a_body(sim, work):
    sim.faults({"kind": "half", "count": 1})
    head, _, body = raw_answer(sim, json.dumps(bonus(work[0]))).partition(b"\r\n\r\n")
    promised = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    assert len(body) < promised
    assert paid(sim) == 1


def test_frozen(sim, work):
    impatient = sim.boto3_client(read_timeout=0.5)
    sim.faults({"kind": "freeze", "count": 1}, {"kind": "freeze", "count": 1, "execute": True})
    for executed in (0, 1):
        with pytest.raises(botocore.exceptions.ReadTimeoutError):
            impatient.send_bonus(**bonus(work[0]))
        assert paid(sim) == executed
    impatient.get_account_balance()


def test_delayed(sim, client):
    sim.faults({"kind": "delay", "ms": 300, "count": 1})
    began = time.monotonic()
    client.get_account_balance()
    assert time.monotonic() - began >= 0.3


def test_a_client_that_did_not_wait(sim, client):
    sim.faults({"kind": "delay", "ms": 400, "count": 1}, {"kind": "delay", "ms": 800, "count": 1})
    with pytest.raises(botocore.exceptions.ReadTimeoutError):
        sim.boto3_client(read_timeout=0.1).get_account_balance()
    client.get_account_balance()
    assert [item["fired"] for item in sim.fault_counts()] == [1, 1]


def test_a_delayed_answer_does_not_hold_up_others(sim):
    sim.faults({"operation": "GetAccountBalance", "kind": "delay", "ms": 20000})
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(lambda: pytest.raises(BROKEN, sim.boto3_client(read_timeout=2).get_account_balance))
        assert sim.boto3_client().list_hits()["NumResults"] == 0
        slow.result()


@pytest.mark.parametrize("status,content", [
    (500, "application/x-amz-json-1.1"), (503, "text/html"), (502, "text/html")])
def test_bad_status(sim, client, work, status, content):
    sim.faults({"kind": "status", "status": status, "count": 1})
    body = json.dumps(bonus(work[0]))
    connection = sim.connect()
    connection.request("POST", "/", body, signed(sim, "SendBonus", body))
    response = connection.getresponse()
    text = response.read()
    assert (response.status, response.getheader("Content-Type")) == (status, content)
    assert (b"ServiceFault" in text) == (status == 500)
    assert paid(sim) == 0


def test_rubbish_and_empty_answers(sim, work):
    sim.faults({"kind": "rubbish", "count": 1}, {"kind": "empty", "count": 1}, {"kind": "empty", "execute": False})
    connection = sim.connect()
    for expected in (b"{{{", b"", b""):
        body = json.dumps(bonus(work[0]))
        connection.request("POST", "/", body, signed(sim, "SendBonus", body))
        response = connection.getresponse()
        text = response.read()
        assert response.status == 200
        assert (expected in text) if expected else text == b""
    assert paid(sim) == 2


def test_an_error_on_order(sim, client, work):
    sim.faults({"kind": "error", "type": "RequestError", "message": "No. (1624047673908)", "count": 1,
                "code": "AWS.MechanicalTurk.InvalidAssignmentState", "contains": work[0]["assignment"]})
    client.approve_assignment(AssignmentId=work[1]["assignment"])
    assert refusal(client.approve_assignment, AssignmentId=work[0]["assignment"]) == (
        "RequestError", "No.", "AWS.MechanicalTurk.InvalidAssignmentState")
    client.approve_assignment(AssignmentId=work[0]["assignment"])
    assert sim.fault_counts()[0]["fired"] == 1


def test_faults_wait_their_turn(sim, client):
    sim.faults({"operation": "GetAccountBalance", "kind": "status", "after": 2, "count": 1})
    outcomes = []
    for _ in range(5):
        try:
            client.get_account_balance()
            outcomes.append(200)
        except botocore.exceptions.ClientError as error:
            outcomes.append(error.response["ResponseMetadata"]["HTTPStatusCode"])
    assert outcomes == [200, 200, 503, 200, 200]


# -- the control interface -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path,body,status", [
    ("/sim/nothing", {}, 404), ("/sim/submit", {}, 400), ("/sim/submit", {"hit": "3NONE"}, 404),
    ("/sim/hit", {"reward": "1.005"}, 400), ("/sim/hit", {"hit": "lower"}, 400),
    ("/sim/hit", {"max_assignments": 0}, 400), ("/sim/balance", {"available": 5}, 400),
    ("/sim/balance", {"available": "-1"}, 400), ("/sim/clock", {"advance_s": -5}, 400),
    ("/sim/throttle", {"per_second": "x"}, 400), ("/sim/faults", {"faults": [{"kind": "x"}]}, 400),
    ("/sim/faults", [], 400)])
def test_control_errors(sim, path, body, status):
    with pytest.raises(ControlError) as caught:
        sim.control("POST", path, body)
    assert caught.value.status == status
    assert caught.value.reply["error"][0] == caught.value.reply["error"][0].lower()


def test_control_is_not_for_web_pages(sim):
    connection = sim.connect()
    connection.request("POST", "/sim/reset", "{}", {"Origin": "https://example.org"})
    assert connection.getresponse().status == 403


def test_a_hit_that_cannot_be_afforded(sim):
    sim.balance("1.19")
    with pytest.raises(ControlError):
        sim.hit(hit=HIT, max_assignments=1)
    sim.balance("1.20")
    assert sim.hit(hit=HIT, max_assignments=1) == HIT
    assert account(sim) == ("0.00", "1.20")


def test_a_hit_without_a_hold(sim, client):
    sim.hit(hit=HIT, max_assignments=2, held=False)
    items = sim.submit(hit=HIT, count=2)
    sim.balance("1.20")
    client.approve_assignment(AssignmentId=items[0]["assignment"])
    assert refusal(client.approve_assignment, AssignmentId=items[1]["assignment"])[2] == (
        "AWS.MechanicalTurk.InsufficientFunds")
    assert account(sim) == ("0.00", "0.00")


def test_a_full_hit_takes_no_more(sim):
    sim.hit(hit=HIT, max_assignments=2)
    with pytest.raises(ControlError) as caught:
        sim.submit(hit=HIT, count=3)
    assert "number 3" in caught.value.reply["error"]
    with pytest.raises(ControlError):
        sim.submit(hit=HIT, assignments=[{"assignment": "3NGMTASG00001"}])


def test_a_thousand_at_once(sim, client):
    sim.hit(hit=HIT, max_assignments=1000, reward="0.50")
    made = sim.submit(hit=HIT, assignments=[{"assignment": f"3NGMTASG{i:05}", "worker": f"A1NGMT{i:07}X"}
                                            for i in range(1000)])
    assert len({item["assignment"] for item in made}) == 1000
    assert client.get_hit(HITId=HIT)["HIT"]["HITStatus"] == "Reviewable"
    pages = client.get_paginator("list_assignments_for_hit").paginate(HITId=HIT, PaginationConfig={"PageSize": 100})
    assert sum(page["NumResults"] for page in pages) == 1000


def test_the_record_is_bounded(sim, client):
    sim.record(limit=5)
    for _ in range(8):
        client.get_account_balance()
    reply = sim.control("GET", "/sim/requests")
    assert [r["number"] for r in reply["requests"]] == [4, 5, 6, 7, 8]
    assert (reply["lost"], reply["next"]) == (3, 9)
    assert [r["number"] for r in sim.requests(since=7, limit=1)] == [7]
    sim.record(on=False)
    client.get_account_balance()
    assert len(sim.requests()) == 5


def test_reset(sim, client, work):
    sim.faults({"kind": "freeze"})
    sim.throttle(1)
    sim.reset()
    assert client.get_account_balance()["AvailableBalance"] == "10000.00"
    books = sim.books()
    assert (books["hits"], books["assignments"]) == ([], [])


def test_books_are_saved_and_loaded(tmp_path):
    arguments = ["--state", str(tmp_path / "books.json"), "--balance", "500.00"]
    with Simulator(arguments=arguments) as sim:
        sim.hit(hit=HIT, max_assignments=5)
        item = sim.submit(hit=HIT, count=2)[0]
        sim.boto3_client().send_bonus(**bonus(item, UniqueRequestToken="t"))
        before = sim.books()
    with Simulator(arguments=arguments) as sim:
        after = sim.books()
        for section in ("account", "hits", "assignments", "bonuses", "workers", "tokens"):
            assert after[section] == before[section], section
        assert refusal(sim.boto3_client().send_bonus, **bonus(item, UniqueRequestToken="t"))[0] == "RequestError"


# -- the program -----------------------------------------------------------------------------------------------------


def run(*arguments):
    return subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=60)


def test_command_line(tmp_path):
    assert run("--version").stdout.startswith("mturk-sim ")
    assert "--tls" in run("--help").stdout
    for wrong in (["--nothing"], ["--port", "x"], ["--port", "70000"], ["argument"], ["--tls-cert", "x"], ["--port"],
                  ["--access-key", "A"]):
        outcome = run(*wrong)
        assert outcome.returncode == 2 and outcome.stdout == "" and outcome.stderr, wrong
    assert run("--state", str(tmp_path)).returncode == 1
    (tmp_path / "broken.json").write_text("{}")
    broken = run("--state", str(tmp_path / "broken.json"))
    assert broken.returncode == 1 and "broken.json" in broken.stderr


def test_make_ca(tmp_path):
    folder = tmp_path / "ca"
    assert run("--make-ca", str(folder)).returncode == 0
    assert sorted(p.name for p in folder.iterdir()) == ["ca.pem", "server.key", "server.pem"]
    assert (folder / "server.key").stat().st_mode & 0o777 == 0o600
    checked = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", folder / "ca.pem", "-verify_hostname",
                              "localhost", folder / "server.pem"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_ready_file(tmp_path):
    with Simulator(tls=False, arguments=["--ready-file", str(tmp_path / "url")]) as sim:
        assert (tmp_path / "url").read_text().strip() == sim.endpoint
        assert sim.endpoint.startswith("http://127.0.0.1:")


def test_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Simulator(arguments=["--listen", "::1"]) as sim:
        assert sim.boto3_client().get_account_balance()["AvailableBalance"] == "10000.00"
        assert sim.books("account")["account"]["available"] == "10000.00"


def test_a_port_in_use():
    with Simulator(tls=False) as sim:
        outcome = run("--port", str(sim.port))
        assert outcome.returncode == 1 and "cannot listen" in outcome.stderr


def test_ends_cleanly_with_open_connections(sim):
    idle = [sim.connect() for _ in range(5)]
    for connection in idle:
        connection.connect()
    sim.faults({"kind": "freeze", "count": 1}, {"kind": "delay", "ms": 60000})
    frozen, waiting = sim.connect(), sim.connect()
    for connection in (frozen, waiting):
        connection.request("POST", "/", "{}", signed(sim, "GetAccountBalance", "{}"))
    deadline = time.monotonic() + 20
    while len(sim.requests()) < 2:
        assert time.monotonic() < deadline
    sim.stop()


# -- awscli ----------------------------------------------------------------------------------------------------------


def aws(sim, *arguments):
    outcome = subprocess.run(["/usr/bin/aws", "mturk", *arguments, "--endpoint-url", sim.endpoint, "--output", "json"],
                             capture_output=True, text=True, timeout=120, env=sim.environment(AWS_PAGER=""))
    return outcome.returncode, json.loads(outcome.stdout) if outcome.stdout.strip() else None, outcome.stderr


@pytest.mark.skipif(not pathlib.Path("/usr/bin/aws").exists(), reason="awscli is not installed")
def test_awscli(sim, work):
    assert aws(sim, "get-account-balance")[1]["AvailableBalance"] == "9989.20"
    status, reply, _ = aws(sim, "list-assignments-for-hit", "--hit-id", HIT)
    assert status == 0 and len(reply["Assignments"]) == 3
    pay = ["send-bonus", "--worker-id", work[0]["worker"], "--assignment-id", work[0]["assignment"], "--bonus-amount",
           "0.75", "--reason", "Thank you", "--unique-request-token", "t"]
    assert aws(sim, *pay)[0] == 0
    status, _, text = aws(sim, *pay)
    assert status != 0 and "(RequestError)" in text and 'The idempotency token "t" has already been processed.' in text
    assert paid(sim) == 1
