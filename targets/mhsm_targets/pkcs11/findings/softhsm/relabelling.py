"""C_SetAttributeValue of a token object is not atomic: a process killed in it loses the object.

It makes objects of the token, under labels of its own run, and destroys what it finds of them. One
that was lost may stay as a file that no call finds, so give it a token that nobody needs.
"""

import os
import random
import secrets
import signal
import sys
import time

import pkcs11
from pkcs11 import Attribute, ObjectClass

RUNS = 60
UNTRIED = 2
LOST = 3  # the exit status of a process that finds no object
NAME = f"relabelling-{secrets.token_hex(8)}"
LABELS = (f"{NAME}-a", f"{NAME}-b")


def relabel(begun: int) -> None:
    """Change the label of one object for ever; a byte to the descriptor says that it is there."""
    module = pkcs11.lib(os.environ["PKCS11_MODULE"])
    token = module.get_token(token_label=os.environ["PKCS11_TOKEN"])
    session = token.open(rw=True, user_pin=os.environ["PKCS11_PIN"])
    data = session.create_object(
        {
            Attribute.CLASS: ObjectClass.DATA,
            Attribute.TOKEN: True,
            Attribute.LABEL: LABELS[0],
            Attribute.VALUE: b"value",
        }
    )
    os.write(begun, b"!")
    while True:
        for label in LABELS:
            data[Attribute.LABEL] = label


def remaining() -> int:
    """How many objects have one of the labels; they are destroyed, and no other is."""
    module = pkcs11.lib(os.environ["PKCS11_MODULE"])
    token = module.get_token(token_label=os.environ["PKCS11_TOKEN"])
    session = token.open(rw=True, user_pin=os.environ["PKCS11_PIN"])
    count = 0
    for label in LABELS:
        ours = {Attribute.CLASS: ObjectClass.DATA, Attribute.LABEL: label}
        for data in list(session.get_objects(ours)):
            try:
                count += data[Attribute.VALUE] == b"value"
                data.destroy()
            except pkcs11.PKCS11Error:
                pass
    return count


def ended(child: int) -> int:
    """How a process ended: its exit status, negative for a signal."""
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def check(status: int, *wanted: int) -> None:
    """End where the process has told why it cannot be tried; raise RuntimeError for other ends."""
    if status == UNTRIED:
        sys.exit(UNTRIED)
    if status not in wanted:
        raise RuntimeError(f"a process ended with status {status}")


def main() -> None:
    """Kill a process that changes labels, and look in another whether the object is there."""
    for run in range(1, RUNS + 1):
        waiting, begun = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(waiting)
            relabel(begun)
        # The other end is the child's alone, so that its end is seen here.
        os.close(begun)
        there = os.read(waiting, 1)
        os.close(waiting)
        if there:
            time.sleep(random.uniform(0.0, 0.05))
            os.kill(child, signal.SIGKILL)
        check(ended(child), -signal.SIGKILL)
        looking = os.fork()
        if looking == 0:
            os._exit(LOST if remaining() == 0 else 0)
        found = ended(looking)
        check(found, 0, LOST)
        if found == LOST:
            print(f"the object was lost in run {run}")
            return
    print(f"the object was not lost in {RUNS} runs")
    sys.exit(1)


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(UNTRIED)
