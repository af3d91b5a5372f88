"""Rules of hygiene: secrets, output, and values that somebody made to hurt."""

from __future__ import annotations

import contextlib
import io
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from pydantic import BaseModel, ValidationError

from synchub.api import Result, Row
from synchub.testing.conformance.subject import Reading, Subject, unlike
from synchub.testing.conformance.verdicts import Broken, Skipped, expect

NAMES = (
    "Robert'); DROP TABLE people;--",
    '"quoted", with; separators\tand |',
    '=HYPERLINK("http://example.com")',
    "<script>alert(1)</script> & <b>bold</b>",
    "%s {0} ${HOME} $(id) `id`",
    "../../etc/passwd",
    "first line\nsecond line",
    "back\\slash \\n \\u0000",
    "null",
)
SCRIPTS = (
    "\u0645\u062d\u0645\u062f \u0639\u0644\u064a",
    "\u05d9\u05e2\u05e7\u05d1 (abc) 123",
    "\u202eevil\u202c",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "Zoe\u0308 Stra\u00dfe \u0130stanbul",
    "\u674e\u5c0f\u9f8d",
)
SECRET = re.compile("token|passw|secret|api_?key|credential", re.IGNORECASE)
LARGE = 10 * 1024 * 1024


def no_secret_shown(s: Subject) -> None:
    """No secret stands in a text: not in repr, not in logs, not in errors.

    Why: Logs are sent to other companies, and errors are pasted into tickets.

    Example: `token: str` in `Config` instead of `SecretStr`; a model without `hide_input_in_errors=True`, which prints all
    settings when one is wrong.

    Exempt: Never.
    """
    named = [name for name in type(s.config).model_fields if SECRET.search(name)]
    open_ = [name for name in named if isinstance(getattr(s.config, name), str)]
    expect(not open_, f"{', '.join(open_)} must be of type SecretStr")
    if not s.secrets:
        raise Skipped("it has no secret setting")
    texts: list[str] = []
    with _logs(texts):
        connector = s.connector()
        texts += [repr(connector), str(connector), repr(s.config), str(s.config)]
        texts += _complaints(type(s.config), dict(s.scene.settings()))
        s.plant(1)
        _gently(texts, connector.check)
        _gently(texts, lambda: s.read(connector=connector))
        if "create" in s.stream.writes:
            _gently(texts, lambda: s.write(s.create(91), connector=connector))
        s.line.answer(401)
        _gently(texts, s.connector().check)
        s.line.clear()
    for secret in s.secrets.values():
        shown = next((text for text in texts if secret in text), "")
        where = shown.replace(secret, "***")[:160]
        expect(not shown, f"a secret setting is shown: {where}")


def nothing_on_stdout(s: Subject) -> None:
    """Nothing is printed.

    Why: `synchub plan --json` is read by programs.

    Example: A `print` that was left in. Use `host.log`.

    Exempt: Never.
    """
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        connector = s.connector()
        connector.check()
        s.plant(2)
        s.read(connector=connector)
        if "create" in s.stream.writes:
            s.write(s.create(92), connector=connector)
        connector.close()
    expect(not said.getvalue(), f"it printed {said.getvalue()[:80]!r}")


def closes_quietly(s: Subject) -> None:
    """`close` raises nothing, whatever was done before: nothing, a half read, or an error.

    Why: It is called in every run, after errors too, and what it raises would hide them.

    Example: `self.connection.close()` where the connection is only made when it is needed.

    Exempt: Never.
    """
    s.connector().close()
    if s.stream.write_only:
        return
    s.plant(2)
    connector = s.connector()
    with closing(s.pages(connector=connector)) as pages:  # it is still being read when the connector is closed
        next(pages, None)
        connector.close()


def hostile_names(s: Subject) -> None:
    """Quotes, formulas, markup, placeholders and line ends come and go as they are.

    Why: Anybody can enter anything in a web form.

    Example: SQL put together as text; `str.format` over values; cells that a spreadsheet takes for formulas.

    Exempt: Never.
    """
    _come_and_go(s, NAMES)


def scripts(s: Subject) -> None:
    """Right-to-left text, emoji and combining characters come and go as they are.

    Why: They are people's names.

    Example: `text.encode("ascii", "ignore")`; columns of three-byte UTF-8.

    Exempt: Never.
    """
    _come_and_go(s, SCRIPTS)


def null_bytes(s: Subject) -> None:
    """A null byte stops nothing: it is taken, refused for its own record, or told as stored otherwise.

    Why: Databases refuse them with an exception, C libraries end the text there.

    Example: A batch that fails as a whole because of one record.

    Exempt: Never.
    """
    _come_and_go(s, ("null\x00byte", "\x00in front"))


def huge_records(s: Subject) -> None:
    """A record of 10 MB stops nothing: it is taken whole, refused for its own record, or told as stored otherwise.

    Why: Somebody pastes a picture into a note.

    Example: A record that is cut without a sign; a limit of the system that fails the whole batch.

    Exempt: Never.
    """
    _come_and_go(s, ("x" * LARGE,))


def _come_and_go(s: Subject, values: Sequence[str]) -> None:
    """Every value once entered by people and read, and once written."""
    planted: dict[str, Row] = {}
    for number, value in enumerate(values, start=201):
        with contextlib.suppress(Skipped):
            planted[s.scene.plant({**s.scene.sample(number), s.text: value})] = {s.text: value}
    found = s.read()
    _as_planted(planted, found)
    if "create" not in s.stream.writes:
        return
    s.later()
    sound = s.create(301)
    creates = [s.create(number, **{s.text: value}) for number, value in enumerate(values, start=302)]
    results = s.write(*creates, sound)
    expect(
        results[-1].status == "ok",
        f"behind such a record, a sound create came to {results[-1].status}: {results[-1].reason}",
    )
    rows = s.read().rows
    for value, result in zip(values, results, strict=False):
        _as_told(s, value, result, rows)


def _as_planted(planted: Mapping[str, Row], found: Reading) -> None:
    missing = [values for name, values in planted.items() if name not in found.rows]
    expect(len(missing) <= found.broken, f"a record was not read: {str(missing[:1])[:120]}")
    for name, values in planted.items():
        if name in found.rows:
            wrong = unlike(values, found.rows[name])
            shown = {field: str(found.rows[name].get(field))[:80] for field in wrong}
            expect(not wrong, f"what somebody entered came as {shown}")


def _as_told(s: Subject, value: str, result: Result, rows: Mapping[str, Mapping[str, str | None]]) -> None:
    shown = repr(value[:40])
    if result.status != "ok":
        expect(result.status in ("rejected", "conflict"), f"{shown} came to {result.status}: {result.reason}")
        expect(bool(result.reason), f"{shown} was refused without a reason")
        return
    row = rows.get(result.remote_id or "")
    if row is None:
        raise Broken(f"{shown} was written, and the record is not there to be read")
    stored = s.texts(result.stored)[s.text] if result.stored is not None else None
    as_told = not unlike({s.text: stored if stored is not None else value}, row)
    as_told = as_told or (result.stored is None and s.can_lookup)
    expect(as_told, f"{shown} is stored as {str(row.get(s.text))[:40]!r}, and the result does not say so")


@contextlib.contextmanager
def _logs(texts: list[str]) -> Iterator[None]:
    """Every log of this process, as it would be written."""

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            texts.append(f"{record.getMessage()} {record.exc_text or ''} {record.exc_info or ''}")

    root = logging.getLogger()
    level, handlers = root.level, root.handlers
    root.handlers = [Kept(logging.DEBUG)]
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers = handlers


def _gently(texts: list[str], act: Any) -> None:
    try:
        act()
    except Exception as error:
        texts.append(f"{error!r} {error} {error.__cause__!r}")


def _complaints(model: type[BaseModel], settings: dict[str, Any]) -> Iterator[str]:
    """What is said about settings that are wrong in some way."""
    wrong = [{**settings, "no_such_setting": 1}, *({**settings, name: object()} for name in settings)]
    wrong += [{name: value for name, value in settings.items() if name != left} for left in settings]
    for each in wrong:
        try:
            model.model_validate(each)
        except ValidationError as error:
            yield f"{error} {error!r}"
