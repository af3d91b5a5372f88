"""References, the keyring, and texts without secrets."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchub.errors import ConfigurationError
from synchub.secrets import RedactingFilter, Redactor, Secrets, is_reference, resolve_settings

VALUE = "hunter22"


class MemoryKeyring:
    """A keyring of its own; `broken` makes it fail as a locked one does, quoting what it was given."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.broken = False

    def get_password(self, service: str, username: str) -> str | None:
        self._fail(username)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._fail(password)
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]

    def _fail(self, text: str) -> None:
        if self.broken:
            raise RuntimeError(f"locked: {text}")


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
def secrets(tmp_path: Path, keyring: MemoryKeyring) -> Secrets:
    environ = {
        "TOKEN": VALUE,
        "HOST": "db.example.com",
        "EMPTY": "",
        "CREDENTIALS_DIRECTORY": str(tmp_path / "run"),
    }
    return Secrets("acme", tmp_path, environ=environ, keyring=keyring)


@pytest.fixture
def secret_file(tmp_path: Path) -> Callable[..., Path]:
    def write(content: bytes, mode: int = 0o600, name: str = "token") -> Path:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
        return file

    return write


class TestReferences:
    @pytest.mark.parametrize("text", ["keyring:crm", "env:X", "file:a", "file:/run/x", "env:odd name", "file:a\nb"])
    def test_are_told_from_texts(self, text: str) -> None:
        assert is_reference(text)

    @pytest.mark.parametrize("text", ["", "env:", "file:///tmp/x", "http://x", "a env:X", "keyring", "ENV:X"])
    def test_are_not(self, text: str) -> None:
        assert not is_reference(text)

    def test_to_the_environment(self, secrets: Secrets) -> None:
        assert secrets.resolve("env:TOKEN") == VALUE

    def test_to_the_keyring(self, secrets: Secrets, keyring: MemoryKeyring) -> None:
        keyring.entries["synchub/acme", "crm"] = VALUE
        assert secrets.resolve("keyring:crm") == VALUE

    def test_are_replaced_at_any_depth(self, secrets: Secrets) -> None:
        settings = {"a": "env:TOKEN", "b": ["env:HOST", {"c": "env:TOKEN"}], "d": 3, "e": "plain"}
        assert resolve_settings(settings, secrets) == {
            "a": VALUE,
            "b": ["db.example.com", {"c": VALUE}],
            "d": 3,
            "e": "plain",
        }

    @pytest.mark.parametrize(
        ("reference", "happened", "next_step"),
        [
            ("env:GONE", "env:GONE: the environment variable GONE is not set.", "Set it, then try again."),
            ("env:EMPTY", "env:EMPTY is empty.", "Give it a value, then try again."),
            (
                "keyring:crm",
                "keyring:crm is not in the keyring (service synchub/acme).",
                "Run `synchub secret set crm`.",
            ),
            (
                "file:gone",
                "file:gone can't be read: No such file or directory.",
                "Put the secret into that file, readable by you alone (chmod 600).",
            ),
            (
                "file:a\0b",
                "file:a\0b can't be read: no such path.",
                "Put the secret into that file, readable by you alone (chmod 600).",
            ),
            ("file:.", "file:. is not a file.", ""),
        ],
    )
    def test_to_nothing_name_themselves(self, reference: str, happened: str, next_step: str, secrets: Secrets) -> None:
        with pytest.raises(ConfigurationError) as caught:
            secrets.resolve(reference)
        assert (caught.value.happened, caught.value.next_step) == (happened, next_step)

    def test_that_are_none_are_not_told(self, secrets: Secrets) -> None:
        with pytest.raises(ConfigurationError) as caught:
            secrets.resolve(VALUE)
        assert VALUE not in str(caught.value)
        assert secrets.resolve_text(VALUE) == VALUE


class TestFiles:
    @pytest.mark.parametrize(
        ("content", "value"),
        [(b"abc", "abc"), (b"abc\n", "abc"), (b"abc\r\n", "abc"), (b"abc\n\n", "abc\n"), (b" a b ", " a b ")],
    )
    def test_lose_one_line_end(
        self, content: bytes, value: str, secrets: Secrets, secret_file: Callable[..., Path]
    ) -> None:
        secret_file(content)
        assert secrets.resolve("file:token") == value

    def test_may_be_anywhere(self, secrets: Secrets, secret_file: Callable[..., Path]) -> None:
        assert secrets.resolve(f"file:{secret_file(b'abc')}") == "abc"

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644])
    def test_that_others_can_open_are_refused(
        self, mode: int, secrets: Secrets, secret_file: Callable[..., Path]
    ) -> None:
        secret_file(VALUE.encode(), mode)
        with pytest.raises(ConfigurationError, match="by others than its owner") as caught:
            secrets.resolve("file:token")
        assert caught.value.next_step == "Run `chmod 600 token`."
        assert VALUE not in str(caught.value)

    def test_of_systemd_may_look_open_to_a_group(self, secrets: Secrets, secret_file: Callable[..., Path]) -> None:
        secret_file(b"abc", 0o440, "run/token")
        assert secrets.resolve("file:run/token") == "abc"

    def test_that_are_too_large_are_refused(self, secrets: Secrets, secret_file: Callable[..., Path]) -> None:
        secret_file(b"x" * 65536)
        assert len(secrets.resolve("file:token")) == 65536
        secret_file(b"x" * 65537)
        with pytest.raises(ConfigurationError, match="larger than 64 KiB"):
            secrets.resolve("file:token")

    def test_that_are_no_text_are_refused(self, secrets: Secrets, secret_file: Callable[..., Path]) -> None:
        secret_file(b"\xff\xfe")
        with pytest.raises(ConfigurationError, match="not UTF-8") as caught:
            secrets.resolve("file:token")
        assert caught.value.__suppress_context__

    def test_that_are_pipes_do_not_hang(self, secrets: Secrets, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe", 0o600)
        with pytest.raises(ConfigurationError, match="is not a file"):
            secrets.resolve("file:pipe")


class TestKeyring:
    def test_keeps_and_lists_and_forgets(self, secrets: Secrets, keyring: MemoryKeyring) -> None:
        assert secrets.names() == []
        secrets.set("shop", "opensesame")
        secrets.set("crm", VALUE)
        secrets.set("crm", VALUE + "!")
        assert secrets.names() == ["crm", "shop"]
        assert secrets.resolve("keyring:crm") == VALUE + "!"
        assert VALUE not in keyring.entries["synchub/acme", ".names"]
        secrets.delete("crm")
        assert secrets.names() == ["shop"]
        with pytest.raises(ConfigurationError, match="is not in the keyring"):
            secrets.resolve("keyring:crm")

    def test_has_nothing_to_forget(self, secrets: Secrets) -> None:
        with pytest.raises(ConfigurationError, match="no entry crm"):
            secrets.delete("crm")

    @pytest.mark.parametrize("name", ["", ".names", "a b", "../x", "-x", "a\n"])
    def test_refuses_names(self, name: str, secrets: Secrets, keyring: MemoryKeyring) -> None:
        with pytest.raises(ConfigurationError, match="is no name"):
            secrets.set(name, VALUE)
        with pytest.raises(ConfigurationError, match="is no name"):
            secrets.delete(name)
        assert keyring.entries == {}

    def test_refuses_nothing(self, secrets: Secrets, keyring: MemoryKeyring) -> None:
        with pytest.raises(ConfigurationError, match="can't be empty"):
            secrets.set("crm", "")
        assert keyring.entries == {}

    @pytest.mark.parametrize("kept", ["not json", '{"a": 1}', "[1, null]"])
    def test_survives_a_list_that_is_damaged(self, kept: str, secrets: Secrets, keyring: MemoryKeyring) -> None:
        keyring.entries["synchub/acme", ".names"] = kept
        assert secrets.names() == []
        secrets.set("crm", VALUE)
        assert secrets.names() == ["crm"]

    def test_that_fails_is_told_without_what_it_said(self, secrets: Secrets, keyring: MemoryKeyring) -> None:
        keyring.broken = True
        with pytest.raises(ConfigurationError, match=r"could not be used \(RuntimeError\)") as caught:
            secrets.set("crm", VALUE)
        assert VALUE not in str(caught.value)
        assert caught.value.__suppress_context__
        assert "env:NAME" in caught.value.next_step

    def test_of_the_system_is_only_loaded_when_it_is_asked(self) -> None:
        code = (
            "import sys, synchub.config; from pathlib import Path; from synchub.secrets import Secrets\n"
            "secrets = Secrets('acme', Path('.'), environ={'A': 'x'}); secrets.resolve('env:A')\n"
            "heavy = {'keyring', 'polars', 'sqlalchemy', 'requests', 'rich', 'toml_rs', 'pycountry'}\n"
            "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
            "from synchub.errors import ConfigurationError\n"
            "try: secrets.resolve('keyring:crm')\n"
            "except ConfigurationError as error: print(error.happened)\n"
            "assert 'keyring' in sys.modules\n"
        )
        environ = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, env=environ, check=True)
        assert done.stdout == "There is no keyring on this machine (NoKeyringError).\n"


class TestRedactor:
    @pytest.mark.parametrize("value", [VALUE, "p@ss/w ör&d", 'quo"te\\d', "line one\nline two", "äöü€", "<&>'x"])
    @pytest.mark.parametrize(
        "spell",
        [
            str,
            repr,
            json.dumps,
            quote,
            lambda value: quote(value, safe=""),
            lambda value: quote(value, safe="").lower(),
            lambda value: f"https://user:{quote(value, safe='')}@example.com/x",
            lambda value: f"line {value.splitlines()[-1]}",
        ],
    )
    def test_knows_the_spellings_of_a_secret(self, value: str, spell: Callable[[str], str]) -> None:
        redacted = Redactor([value]).redact(f"before {spell(value)} after")
        assert redacted.startswith("before ")
        assert redacted.endswith(" after")
        assert "***" in redacted
        assert value not in redacted
        assert quote(value, safe="").lower() not in redacted.lower()
        assert value.splitlines()[-1] not in redacted

    @given(st.text(min_size=1, max_size=20), st.text(min_size=6, max_size=30), st.booleans())
    def test_knows_basic_authentication(self, user: str, value: str, urlsafe: bool) -> None:
        encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
        header = encode(f"{user}:{value}".encode(errors="replace")).decode()
        redacted = Redactor([value.encode(errors="replace").decode()]).redact(f"sent {header!r} to crm")
        assert redacted == "sent '***' to crm"

    def test_leaves_everything_else(self) -> None:
        text = "user ann@example.com wrote 5 records to https://example.com:8080/a?page=2#x"
        assert Redactor([VALUE, "abc", ""]).redact(text) == text
        assert Redactor().redact(text) == text

    def test_takes_the_longest_first(self) -> None:
        assert Redactor(["hunter", "hunter22"]).redact("hunter22 hunter") == "*** ***"

    def test_short_values_are_no_secrets(self) -> None:
        assert Redactor(["abc"]).redact("abcabc") == "abcabc"
        assert Redactor(["abcd"]).redact("abcd") == "***"

    @pytest.mark.parametrize(
        ("text", "redacted"),
        [
            ("postgresql://u:pw@h:5432/d", "postgresql://u:***@h:5432/d"),
            ("postgresql+psycopg://u:p@ss:w@h/d", "postgresql+psycopg://u:***@h/d"),
            ("at https://:pw@h, then https://h/a@b", "at https://:***@h, then https://h/a@b"),
            ("https://h/x?a=1&access_token=abc&b=2", "https://h/x?a=1&access_token=***&b=2"),
            ("'https://h/x?hapikey=abc'", "'https://h/x?hapikey=***'"),
            ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
            ("{'Authorization': 'Basic dTpw'}", "{'Authorization': 'Basic ***'}"),
            ("authorization=abc", "authorization=***"),
        ],
    )
    def test_knows_the_places_of_secrets(self, text: str, redacted: str) -> None:
        assert Redactor().redact(text) == redacted

    def test_takes_time_in_proportion(self) -> None:
        text = "a.b+c-d:/" * 50_000 + "A" * 200_000
        assert Redactor([VALUE]).redact(text) == text

    def test_does_not_tell_what_it_knows(self) -> None:
        assert VALUE not in repr(Redactor([VALUE]))

    def test_is_told_by_secrets(self, secrets: Secrets, keyring: MemoryKeyring) -> None:
        secrets.resolve("env:TOKEN")
        secrets.resolve("env:HOST")
        secrets.set("crm", "opensesame")
        text = f"{VALUE} opensesame db.example.com"
        assert secrets.redactor.redact(text) == "*** *** db.example.com"

    def test_is_told_a_password_in_an_address(self, tmp_path: Path) -> None:
        secrets = Secrets("acme", tmp_path, environ={"DB": "postgresql://u:opensesame@h/d"})
        secrets.resolve("env:DB")
        assert secrets.redactor.redact("opensesame") == "***"


class TestLogging:
    @pytest.fixture
    def log(self) -> tuple[logging.Logger, Callable[[], logging.LogRecord], Callable[[], str]]:
        records: list[logging.LogRecord] = []

        class Keep(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                records.append(record)

        handler = Keep()
        handler.addFilter(RedactingFilter(Redactor([VALUE])))
        logger = logging.Logger("test")
        logger.addHandler(handler)
        return logger, lambda: records[-1], lambda: logging.Formatter("%(message)s").format(records[-1])

    def test_redacts_messages_and_arguments(self, log: tuple) -> None:
        logger, record, text = log
        logger.info("token %s for %d%%", VALUE, 5)
        assert text() == "token *** for 5%"
        assert VALUE not in repr(vars(record()))

    def test_redacts_exceptions_with_their_causes(self, log: tuple) -> None:
        logger, record, text = log
        try:
            try:
                raise ValueError(VALUE)
            except ValueError as error:
                raise RuntimeError(f"url?token={VALUE}") from error
        except RuntimeError:
            logger.exception("failed", stack_info=True)
        assert "ValueError: ***" in text()
        assert "RuntimeError: url?token=***" in text()
        assert "Traceback" in text()
        assert "Stack (most recent call last)" in text()
        assert VALUE not in text()
        assert record().exc_info is None

    def test_redacts_extra_fields(self, log: tuple) -> None:
        logger, record, _ = log
        logger.info("x", extra={"url": f"a {VALUE}", "headers": {"a": [VALUE, 3]}, "count": 3})
        assert (record().url, record().headers, record().count) == ("a ***", {"a": ["***", 3]}, 3)

    def test_redacts_what_does_not_fit_its_format(self, log: tuple) -> None:
        logger, _, text = log
        logger.info("one %d", VALUE)
        assert text() == "one %d ('***',)"

    def test_redacts_objects(self, log: tuple) -> None:
        logger, _, text = log
        logger.info(ValueError(VALUE))
        assert text() == "***"
