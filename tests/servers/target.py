"""A target of Singer that keeps rows in a file of JSON, by key, and does wrong what its settings say.

Its settings: `file` is where the rows are, `token` must be right, `exit` its exit code, `deaf` to print no state, `die_at` to
end at that line, `bad` a text that no record may hold, `hang` how long it does nothing, `log` what it complains about; `note`
and `given` are files where it writes down how it was called and what it was given.
"""

from __future__ import annotations

import sys
from pathlib import Path

TOKEN = "let me in, please"
PROGRAM = """#!{python} -IS
import json, os, sys, time

options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
said = json.load(open(options["--config"]))
lines, rows = [], {{}}
if os.path.exists(said["file"]):
    rows = json.load(open(said["file"]))
if "note" in said:
    mode = os.stat(options["--config"]).st_mode & 0o777
    with open(said["note"], "a") as note:
        note.write(json.dumps([sys.argv, dict(os.environ), mode]) + "\\n")
for line in said.get("log", ()):
    print(line, file=sys.stderr, flush=True)
if said.get("token") != {token!r}:
    sys.exit("the token is wrong: " + str(said.get("token")))
if os.path.exists(said["file"] + ".down"):
    sys.exit("the system can't be reached")
time.sleep(said.get("hang", 0))
key = None
for number, line in enumerate(sys.stdin.buffer):
    message = json.loads(line)
    if "given" in said:
        with open(said["given"], "a") as given:
            given.write(json.dumps(message) + "\\n")
    if number == said.get("die_at"):
        os.kill(os.getpid(), 9)
    if message["type"] == "SCHEMA":
        (key,) = message["key_properties"]
    if message["type"] == "RECORD" and said.get("bad", "no such text") in json.dumps(message):
        sys.exit("a record is bad")
    if message["type"] == "RECORD":
        rows[message["record"][key]] = message["record"]
        with open(said["file"] + ".new", "w") as file:
            json.dump(rows, file)
        os.replace(said["file"] + ".new", said["file"])
    if message["type"] == "STATE" and not said.get("deaf"):
        print(json.dumps(message["value"]), flush=True)
sys.exit(said.get("exit", 0))
"""


def write_target(folder: Path, name: str = "target-fake") -> Path:
    """Put the target into a folder; it is started as `./NAME`."""
    file = folder / name
    file.write_text(PROGRAM.format(python=sys.executable, token=TOKEN), "utf-8")
    file.chmod(0o755)
    return file
