# SPDX-License-Identifier: MIT
"""A study to be paid: a HIT with submitted assignments on the endpoint, the results file that asks for them, and what the
endpoint's books must show in the end."""
BONUS = "0.50"
REASON = "Thank you"


def submit(simulator, count):
    """`count` submitted assignments of one new HIT."""
    hit = simulator.hit(reward="1.00", title="Game", max_assignments=count)
    return simulator.submit(hit=hit, count=count)


def write_results(path, assignments):
    """As nodeGame's bonus.csv."""
    with open(path, "w", encoding="utf-8") as out:
        out.write("id,type,workerid,hitid,assignmentid,access,exit,approve,reject,basepay,bonus\n")
        for i, a in enumerate(assignments):
            out.write(f"p{i},player,{a['worker']},{a['hit']},{a['assignment']},acc{i},exit{i},1,0,0,{BONUS}\n")
    return path


def problems(simulator, assignments):
    """What is not as it must be: each assignment approved, each bonus paid once, each request made once."""
    books = simulator.books("assignments", "bonuses")
    wanted = {a["assignment"] for a in assignments}
    status = {a["assignment"]: a["status"] for a in books["assignments"] if a["assignment"] in wanted}
    paid = [b["assignment"] for b in books["bonuses"] if b["assignment"] in wanted]
    found = []
    if len(status) != len(wanted) or set(status.values()) != {"Approved"}:
        found.append(f"{sum(s != 'Approved' for s in status.values())} assignments are not approved")
    if sorted(paid) != sorted(wanted):
        found.append(f"{len(paid)} bonuses were paid for {len(wanted)} assignments")
    if any(b["amount"] != BONUS for b in books["bonuses"]):
        found.append("a bonus has another amount")
    return found
