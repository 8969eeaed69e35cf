#!/usr/bin/env bash
# Makes .venv with this project and tox in it, at the versions of requirements/lock.txt. Needs
# Python 3.11 or newer; on Debian it installs the missing python3-venv by itself. Running it again
# brings .venv up to date.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# 3.11 is preferred because the lock is made on it. A name on PATH may be a shim that cannot start
# anything, so each candidate is asked for its version.
python=
for candidate in python3.11 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [[ -z $python ]]; then
    echo 'setup.sh: Python 3.11 or newer is needed, and neither python3.11 nor python3 is one.' >&2
    exit 2
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    as_root=()
    [[ $(id -u) == 0 ]] || as_root=(sudo)
    if ! { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" apt-get install -qq -y python3-venv; }; then
        echo "setup.sh: $python cannot make virtual environments; install python3-venv." >&2
        exit 2
    fi
fi

[[ -x .venv/bin/python ]] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --constraint requirements/lock.txt --editable '.[https,pkcs11,server,shell]' tox
