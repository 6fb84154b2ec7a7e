"""The hand-checked set of messages, and whom they came to.

tests/data/messages/index.tsv says of each message who sent it, to which of the recipient's
addresses, and what is right: `reply`, or the reason for silence; and why a person would say so.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

MESSAGES = Path(__file__).resolve().parents[1] / "data" / "messages"
OWN = ["ellen.mertens@example.org", "e.mertens@example.org", "ellen@mertens.example"]
SETTINGS = "text = text\n" + "".join(f"address = {address}\n" for address in OWN)
# The recipient's mail server, as it calls itself in Authentication-Results.
MAIN_CONFIGURATION = "trusted-authserv = mx1.example.org\ngive-up-after = none\n"  # they are old


@dataclass
class Case:
    file: str
    raw: bytes
    sender: str  # empty: the null sender
    recipient: str
    verdict: str  # "reply" or the reason against one
    why: str


def read_cases(folder=MESSAGES):
    with open(folder / "index.tsv", encoding="utf-8", newline="") as index:
        rows = list(csv.DictReader(index, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [Case(row["file"], (folder / row["file"]).read_bytes(), row["sender"].strip("<>"),
                 row["recipient"], row["verdict"], row["why"])
            for row in sorted(rows, key=lambda row: row["file"])]
