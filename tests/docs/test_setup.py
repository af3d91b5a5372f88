"""`./setup` where something is missing. Python, apt and pip are stand-ins that note what they are asked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from docs.pages import ROOT, read

VENV_PYTHON = '#!/bin/sh\necho "pip $*" >>"$ASKED"\n'
SYNCHUB = '#!/bin/sh\necho "synchub $*"\n'
PYTHON = """#!/bin/sh
case "$*" in
*ensurepip*) [ -e "$HAVE_VENV" ] ;;
*version_info\\ \\<*) exit 0 ;;
*print*) echo python3.11-venv ;;
"-m venv "*)
    mkdir -p "$3/bin"
    cp "$STUBS/venv-python" "$3/bin/python"
    cp "$STUBS/venv-synchub" "$3/bin/synchub" ;;
esac
"""
APT = '#!/bin/sh\necho "apt-get $*" >>"$ASKED"\n[ "$1" = update ] || touch "$HAVE_VENV"\n'
SUDO = '#!/bin/sh\nexec "$@"\n'


class Machine:
    """A clone in a folder, and a PATH with stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.clone, self.stubs = folder / "clone", folder / "stubs"
        self.stubs.mkdir()
        (self.clone / "plugins").mkdir(parents=True)
        for name in ("setup", "pyproject.toml", "hub.toml"):
            shutil.copy(ROOT / name, self.clone)
        (self.clone / "hub.toml").chmod(0o664)
        for name, text in (
            ("venv-python", VENV_PYTHON),
            ("venv-synchub", SYNCHUB),
            ("python3", PYTHON),
            ("sudo", SUDO),
        ):
            self.put(name, text)
        for name in ("dirname", "mkdir", "cp", "touch", "chmod", "id", "env", "sh"):
            (self.stubs / name).symlink_to(str(shutil.which(name)))

    def put(self, name: str, text: str) -> None:
        (self.stubs / name).write_text(text)
        (self.stubs / name).chmod(0o755)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": str(self.stubs),
            "STUBS": str(self.stubs),
            "ASKED": str(self.stubs / "asked"),
            "HAVE_VENV": str(self.stubs / "have-venv"),
        }
        return subprocess.run(
            [self.clone / "setup", *arguments], env=environ, capture_output=True, text=True, check=False
        )

    @property
    def asked(self) -> list[str]:
        asked = self.stubs / "asked"
        return asked.read_text().splitlines() if asked.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_it_installs_and_hands_its_arguments_on(machine: Machine) -> None:
    (machine.stubs / "have-venv").touch()
    done = machine.run("demo", "a folder")
    assert (done.returncode, done.stdout) == (0, "synchub demo a folder\n")
    assert machine.asked == [f"pip -m pip install --quiet --disable-pip-version-check --editable {machine.clone}"]
    assert not (machine.clone / "hub.toml").stat().st_mode & 0o022


def test_it_installs_once(machine: Machine) -> None:
    (machine.stubs / "have-venv").touch()
    machine.run()
    assert machine.run("--version").stdout == "synchub --version\n"
    assert len(machine.asked) == 1
    now = (machine.clone / ".venv" / "synchub-installed").stat().st_mtime
    os.utime(machine.clone / "pyproject.toml", (now + 5, now + 5))
    machine.run()
    assert len(machine.asked) == 2


def test_it_installs_what_debian_leaves_out_of_python(machine: Machine) -> None:
    machine.put("apt-get", APT)
    assert machine.run("demo").stdout == "synchub demo\n"
    assert [line.split()[0] for line in machine.asked] == ["apt-get", "apt-get", "pip"]
    assert machine.asked[1].endswith("python3.11-venv")


def test_without_apt_it_says_what_is_missing(machine: Machine) -> None:
    done = machine.run("demo")
    assert done.returncode == 1
    assert "ensurepip" in done.stderr
    assert not (machine.clone / ".venv").exists()


def test_without_python_it_says_so(machine: Machine) -> None:
    (machine.stubs / "python3").unlink()
    done = machine.run("demo")
    assert done.returncode == 1
    assert "Python 3.11 or later is missing" in done.stderr


def test_the_first_page_begins_with_it() -> None:
    first = read("README.md").split("```sh\n")[1].split("```")[0]
    assert first == "./setup demo\n"
    assert os.access(ROOT / "setup", os.X_OK)
