# SPDX-License-Identifier: MIT
"""A study to be paid: a HIT with submitted assignments on the endpoint, the results file that asks for them, and what
the endpoint's books must show in the end."""
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


def is_exact(simulator, assignments):
    """Whether each assignment was approved once and its bonus paid once, in full, and nobody else's."""
    books = simulator.books("assignments", "bonuses")
    wanted = sorted(a["assignment"] for a in assignments)
    approved = sorted(a["assignment"] for a in books["assignments"]
                      if a["status"] == "Approved" and a["approvals"] == 1)
    paid = sorted(b["assignment"] for b in books["bonuses"] if b["amount"] == BONUS)
    return approved == wanted and paid == wanted
