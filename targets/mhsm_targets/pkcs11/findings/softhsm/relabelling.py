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


def main() -> None:
    """Kill a process that changes labels, and look in another whether the object is there."""
    for run in range(1, RUNS + 1):
        waiting, begun = os.pipe()
        child = os.fork()
        if child == 0:
            relabel(begun)
        os.read(waiting, 1)
        time.sleep(random.uniform(0.0, 0.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(waiting)
        os.close(begun)
        looking = os.fork()
        if looking == 0:
            os._exit(remaining())
        _, status = os.waitpid(looking, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            print(f"the object was lost in run {run}")
            return
    print(f"the object was not lost in {RUNS} runs")
    sys.exit(1)


main()
