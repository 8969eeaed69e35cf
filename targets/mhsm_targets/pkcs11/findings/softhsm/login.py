"""C_Login writes the token's file anew, in place: a process killed in it loses the token."""

import os
import random
import shutil
import signal
import sys
import tempfile
import time

import pkcs11

RUNS = 400


def copied(place: str) -> None:
    """Copy the tokens that SOFTHSM2_CONF names to the place, and have SoftHSM use the copy."""
    configured = os.environ.get("SOFTHSM2_CONF", "/etc/softhsm/softhsm2.conf")
    with open(configured, encoding="utf-8") as stream:
        settings = [line.strip() for line in stream]
    named = next(line for line in settings if line.startswith("directories.tokendir"))
    tokens = os.path.join(place, "tokens")
    shutil.copytree(named.partition("=")[2].strip(), tokens)
    path = os.path.join(place, "softhsm2.conf")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
    os.environ["SOFTHSM2_CONF"] = path


def log_in(begun: int) -> None:
    """Log in and out for ever; a byte to the descriptor says that it began."""
    module = pkcs11.lib(os.environ["PKCS11_MODULE"])
    token = module.get_token(token_label=os.environ["PKCS11_TOKEN"])
    os.write(begun, b"!")
    while True:
        token.open(user_pin=os.environ["PKCS11_PIN"]).close()


def is_there() -> bool:
    """Whether a new process finds the token."""
    looking = os.fork()
    if looking == 0:
        try:
            module = pkcs11.lib(os.environ["PKCS11_MODULE"])
            module.get_token(token_label=os.environ["PKCS11_TOKEN"])
        except pkcs11.NoSuchToken:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(looking, 0)
    return os.waitstatus_to_exitcode(status) == 0


def main() -> None:
    """Kill a process that logs in, and look in another whether the token is there."""
    for run in range(1, RUNS + 1):
        waiting, begun = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                log_in(begun)
            except Exception as error:
                print(f"cannot be tried: {type(error).__name__} {error}".strip(), flush=True)
                os._exit(2)
        os.close(begun)
        there = os.read(waiting, 1)
        os.close(waiting)
        if there:
            time.sleep(random.uniform(0.0, 0.02))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            # It has told why.
            sys.exit(2)
        if not is_there():
            print(f"the token was lost in run {run}")
            return
    print(f"the token was not lost in {RUNS} runs")
    sys.exit(1)


try:
    with tempfile.TemporaryDirectory() as place:
        copied(place)
        main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
