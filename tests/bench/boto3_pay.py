# SPDX-License-Identifier: MIT
"""boto3_pay.py FILE: approves and pays what FILE (JSON) lists with Amazon's own client, one call after another, with
request tokens and no ledger. Prints the CPU seconds of the calls alone, the wall seconds and the peak of memory as
JSON. The endpoint comes from the environment (Debian 12's botocore does not look there by itself)."""
import json
import os
import pathlib
import resource
import sys
import time

import boto3

import study


def main(path):
    assignments = json.loads(pathlib.Path(path).read_text())
    client = boto3.client("mturk", endpoint_url=os.environ["AWS_ENDPOINT_URL_MTURK"])
    client.get_account_balance()
    cpu, wall = time.process_time(), time.monotonic()
    for a in assignments:
        client.approve_assignment(AssignmentId=a["assignment"], RequesterFeedback=study.REASON)
    for a in assignments:
        client.send_bonus(AssignmentId=a["assignment"], WorkerId=a["worker"], BonusAmount=study.BONUS,
                          Reason=study.REASON, UniqueRequestToken="bench-" + a["assignment"])
    print(json.dumps({"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall,
                      "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main(sys.argv[1])
