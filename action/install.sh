#!/usr/bin/env bash
# Installs the program from the checkout that this file lies in, into the folder given: every package by its hash.
# Needs Python 3.11 or newer; a second call finds the first one's work.
set -euo pipefail

# It runs where a stranger's files lie: no module is taken from there.
export PYTHONSAFEPATH=1

here=$(cd "$(dirname "$0")/.." && pwd)
into=$1

if [ -x "$into/bin/reconciler" ]; then
  exit 0
fi
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Python 3.11 or newer is needed; this is $(python3 --version)." >&2
  exit 1
fi
python3 -m venv "$into"
"$into/bin/python" "$here/action/requirements.py" "$here" >"$into/requirements.txt"
pip=("$into/bin/python" -m pip --disable-pip-version-check --quiet)
"${pip[@]}" install --require-hashes --no-deps --requirement "$into/requirements.txt"
"${pip[@]}" install --no-deps --no-build-isolation "$here"
