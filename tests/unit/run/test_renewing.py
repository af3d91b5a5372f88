"""Secrets that are replaced as they are used: one process at a time, and nothing is lost."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from synchub.errors import ConfigurationError
from synchub.run.renewing import renewing
from synchub.secrets import Redactor, Secrets


class Ring:
    """A keyring in a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise RuntimeError("locked")
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


def secrets_of(folder: Path, ring: Ring | None = None) -> Secrets:
    return Secrets("acme", folder, environ={"T": "t0"}, keyring=ring, redactor=Redactor())


def file_of(folder: Path, text: str = "refresh-0\n") -> Path:
    file = folder / "token"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return file


def test_a_file_gets_the_new_secret_at_once(tmp_path: Path) -> None:
    file, secrets = file_of(tmp_path), secrets_of(tmp_path)
    with renewing("file:token", secrets, tmp_path) as secret:
        assert secret.value == "refresh-0"
        secret.keep("refresh-1")
        assert (secret.value, file.read_text(), file.stat().st_mode & 0o777) == ("refresh-1", "refresh-1", 0o600)
    assert secrets.redactor.redact("refresh-0 refresh-1") == "*** ***"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".token.lock", "token"]


def test_a_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    file = file_of(tmp_path / "kept")
    (tmp_path / "token").symlink_to(file)
    with renewing("file:token", secrets_of(tmp_path), tmp_path) as secret:
        secret.keep("refresh-1")
    assert (file.read_text(), (tmp_path / "token").is_symlink()) == ("refresh-1", True)


def test_the_keyring_gets_the_new_secret(tmp_path: Path) -> None:
    ring = Ring()
    secrets = secrets_of(tmp_path, ring)
    secrets.set("crm", "refresh-0")
    with renewing("keyring:crm", secrets, tmp_path) as secret:
        secret.keep("refresh-1")
    assert ring.entries["synchub/acme", "crm"] == "refresh-1"


def test_what_can_not_be_kept_is_known_before_it_is_used(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="a variable of the environment can't be changed"),
        renewing("env:T", secrets_of(tmp_path), tmp_path),
    ):
        pytest.fail("it was handed out")
    ring = Ring()
    secrets = secrets_of(tmp_path, ring)
    secrets.set("crm", "refresh-0")
    ring.locked = True
    with pytest.raises(ConfigurationError, match="keyring"), renewing("keyring:crm", secrets, tmp_path):
        pytest.fail("it was handed out")


@pytest.mark.parametrize("blocked", [".token.lock", ".token.new"])
def test_a_folder_that_can_not_be_written(tmp_path: Path, blocked: str) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    file_of(folder)
    (folder / blocked).mkdir()  # no such file can be made here; that keeps root out, too
    with (
        pytest.raises(ConfigurationError, match="file:token can't be replaced"),
        renewing("file:token", secrets_of(folder), folder),
    ):
        pytest.fail("it was handed out")


def _renew(folder: Path, times: int) -> None:
    """What a process does that uses the secret: the next number is kept."""
    for _ in range(times):
        with renewing("file:token", secrets_of(folder), folder) as secret:
            secret.keep(str(int(secret.value) + 1))


def test_two_processes_never_use_the_same_one(tmp_path: Path) -> None:
    file = file_of(tmp_path, "1000")
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_renew, args=(tmp_path, 50)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert file.read_text() == "1100"
