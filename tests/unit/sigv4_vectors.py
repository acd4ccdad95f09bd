#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Prints sigv4_vectors.def: requests signed by botocore, which is the judge of common/sigv4.c."""
import datetime
import json

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOON = "20261123T115200Z"
KEY = ("AKIANGMTEXAMPLE00001", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
OTHER_KEY = ("ASIANGMTEXAMPLE00002", "0+/=" * 10)
TARGET = "MTurkRequesterServiceV20170117."
SANDBOX = "https://mturk-requester-sandbox.us-east-1.amazonaws.com/"
LIVE = "https://mturk-requester.us-east-1.amazonaws.com/"

# name, key, token, url, region, service, time, operation, body
CASES = [
    ("balance", KEY, None, SANDBOX, "us-east-1", "mturk-requester", NOON, "GetAccountBalance", "{}"),
    ("live", KEY, None, LIVE, "us-east-1", "mturk-requester", NOON, "GetAccountBalance", "{}"),
    ("next_day", KEY, None, SANDBOX, "us-east-1", "mturk-requester", "20261124T000000Z", "GetAccountBalance", "{}"),
    ("leap_day", KEY, None, SANDBOX, "us-east-1", "mturk-requester", "20280229T235959Z", "GetAccountBalance", "{}"),
    ("other_region", KEY, None, SANDBOX, "eu-west-1", "mturk-requester", NOON, "GetAccountBalance", "{}"),
    ("other_service", KEY, None, SANDBOX, "us-east-1", "execute-api", NOON, "GetAccountBalance", "{}"),
    ("other_key", OTHER_KEY, None, SANDBOX, "us-east-1", "mturk-requester", NOON, "GetAccountBalance", "{}"),
    ("token", OTHER_KEY, "FwoGZXIvYXdzEBYaD/+=" * 4, SANDBOX, "us-east-1", "mturk-requester", "20261123T115200Z",
     "GetAccountBalance", "{}"),
    ("long_token", OTHER_KEY, "IQoJb3JpZ2luX2VjEJr" * 90, SANDBOX, "us-east-1", "mturk-requester", "20261123T115200Z",
     "GetAccountBalance", "{}"),
    ("bonus", KEY, None, SANDBOX, "us-east-1", "mturk-requester", "20261123T115201Z", "SendBonus",
     json.dumps({"AssignmentId": "3NGMTASG000010000000000000000", "WorkerId": "A1NGMT0000001X", "BonusAmount": "1.05",
                 "Reason": "Thank you", "UniqueRequestToken": "A" * 52}, separators=(",", ":"))),
    ("utf8", KEY, None, SANDBOX, "us-east-1", "mturk-requester", "20261123T115202Z", "NotifyWorkers",
     '{"MessageText":"Grüße, 謝謝 😀 \\u00e9 \\n","Subject":"naïve","WorkerIds":["A1NGMT0000001X"]}'),
    ("empty_body", KEY, None, SANDBOX, "us-east-1", "mturk-requester", "20261123T115203Z", "GetAccountBalance", ""),
    ("port", KEY, None, "http://127.0.0.1:8443/", "us-east-1", "mturk-requester", NOON, "ListHITs",
     '{"MaxResults":100}'),
    ("ipv6_port", KEY, None, "https://[::1]:65535/", "us-east-1", "mturk-requester", NOON, "ListHITs", "{}"),
    ("default_port", KEY, None, "https://localhost:443/", "us-east-1", "mturk-requester", NOON, "ListHITs",
     "{}"),
    ("path", KEY, None, "http://localhost:8080/mturk/api", "us-east-1", "mturk-requester", NOON, "ListHITs",
     "{}"),
    ("large_body", KEY, "T" * 100, SANDBOX, "us-east-1", "mturk-requester", "20261123T115206Z", "NotifyWorkers",
     '{"WorkerIds":["' + '","'.join("A1NGMT%07dX" % i for i in range(100)) + '"]}'),
]


class FrozenDatetime(datetime.datetime):
    now_text = ""

    @classmethod
    def utcnow(cls):
        return cls.strptime(cls.now_text, "%Y%m%dT%H%M%SZ")


def c_text(text):
    if text is None:
        return "NULL"
    plain = set(range(32, 127)) - set(b'"\\?')
    return '"' + "".join(chr(b) if b in plain else "\\%03o" % b for b in text.encode()) + '"'


def main():
    botocore.auth.datetime.datetime = FrozenDatetime
    print("/* SPDX-License-Identifier: MIT")
    print(" *")
    print(" * Printed by sigv4_vectors.py (botocore %s): VECTOR(name, access key id, secret, token, host, path, region,"
          % botocore.__version__)
    print(" * service, time, target, body, Authorization). */")
    for name, (key_id, secret), token, url, region, service, when, operation, body in CASES:
        FrozenDatetime.now_text = when
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET + operation}
        request = AWSRequest(method="POST", url=url, headers=headers, data=body.encode())
        auth = botocore.auth.SigV4Auth(Credentials(key_id, secret, token), service, region)
        auth.add_auth(request)
        host = auth.headers_to_sign(request)["host"]
        path = "/" + url.split("/", 3)[3]
        fields = [key_id, secret, token, host, path, region, service, when, TARGET + operation, body,
                  request.headers["Authorization"]]
        print("VECTOR(%s, %s)" % (name, ", ".join(c_text(field) for field in fields)))


if __name__ == "__main__":
    main()
