"""Private servers for tests: started when first asked for, each in its own folder, stopped at the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

START_SECONDS = 60


def require(program: str, *, package: str, folders: Sequence[Path] = ()) -> Path:
    """The path of a server's program. The test fails, and is not skipped, if it is not installed."""
    path = os.pathsep.join([*(str(folder) for folder in folders), os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(program, path=path)
    if found is None:
        pytest.fail(f"{program} is missing: install {package}. tests/run does it.", pytrace=False)
    return Path(found)


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def answers(port: int, greeting: bytes = b"") -> bool:
    """Whether something on the loopback port accepts a connection and begins with `greeting`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return not greeting or connection.recv(len(greeting)) == greeting
    except OSError:
        return False


class Home:
    """A server's own folder, and the account that it runs under: most servers refuse to run as root."""

    def __init__(self, folder: Path, account: str | None) -> None:
        self.folder = folder
        self.account = account

    def command(self, *arguments: str | Path, die_with: str = "TERM") -> list[str]:
        """The command under the server's account; it gets the signal `die_with` if the tests are killed."""
        drop = []
        if self.account:
            drop = [f"--reuid={self.account}", f"--regid={self.account}", "--clear-groups"]
        return ["setpriv", *drop, f"--pdeathsig={die_with}", *(str(argument) for argument in arguments)]

    def run(self, *arguments: str | Path) -> None:
        """Run a command under the server's account; if it fails, so does the test, with its output."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            capture_output=True,
            text=True,
            env=_environment(self.folder),
        )
        if done.returncode:
            pytest.fail(f"{arguments[0]} failed:\n{done.stdout}{done.stderr}", pytrace=False)

    def write(self, name: str, text: str) -> Path:
        """Write a file that the server's account owns."""
        path = self.folder / name
        path.write_text(text)
        self.give(path)
        return path

    def make(self, name: str) -> Path:
        """Make a folder that the server's account owns."""
        path = self.folder / name
        path.mkdir(mode=0o700)
        self.give(path)
        return path

    def give(self, path: Path) -> None:
        if self.account:
            shutil.chown(path, self.account, self.account)

    @contextmanager
    def serve(
        self, *arguments: str | Path, ready: Callable[[], bool], stop: signal.Signals = signal.SIGTERM
    ) -> Iterator[None]:
        """Run a server in the foreground until the block is left. `ready` says when it can be used."""
        log = self.folder / "server.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                self.command(*arguments, die_with=stop.name.removeprefix("SIG")),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(self.folder),
            )
        try:
            _wait(server, ready, log)
            yield
        finally:
            _end(server, stop)


@contextmanager
def home(name: str, account: str) -> Iterator[Home]:
    """A fresh folder for a server: short, because a Unix socket's path may have 107 bytes only."""
    folder = Path(tempfile.mkdtemp(prefix=f"synchub-{name}-"))
    try:
        folder.chmod(0o755)
        made = Home(folder, account if os.geteuid() == 0 else None)
        made.give(folder)
        yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def _wait(server: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{server.args!r} did not start:\n{log.read_text(errors='replace')}", pytrace=False)
        time.sleep(0.05)


def _end(server: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    if server.poll() is None:
        server.send_signal(stop)
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
