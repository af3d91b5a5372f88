"""[systems.NAME]: known connectors, settings that fit them, and no secrets in clear text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from synchub.config.declared import Finding, examine
from synchub.config.described import described
from synchub.config.document import Document, read_document, tell
from synchub.config.offer import Offer
from synchub.config.places import places
from synchub.config.problems import KeyPath, Problem, did_you_mean, failure
from synchub.config.references import substituted, texts, unset
from synchub.errors import ConfigurationError, PluginError, SynchubError
from synchub.model import HUB
from synchub.redact import Redactor
from synchub.secrets import Secrets, is_reference, resolve_settings, url_password
from synchub.spec.hub import SystemSettings
from synchub.spec.job import Configuration

CLEAR_TEXT = "write keyring:NAME, env:NAME or file:PATH; `synchub secret set NAME` fills the keyring"


def system_problems(
    systems: Mapping[str, SystemSettings], document: Document, offer: Offer, *, folder: Path
) -> list[Problem]:
    """Everything wrong with the systems, as far as it shows without resolving secrets. `folder` is that of hub.toml."""
    problems = []
    for name, system in systems.items():
        path = ("systems", name)
        if name == HUB:
            problems.append(document.problem(path, "'hub' stands for people's decisions", "choose another name"))
        problems += [
            document.problem((*path, *place), f"the environment variable {variable} is not set", part="value")
            for place, variable in unset(system.settings, offer.environ or {})
            if offer.environ is not None
        ]
        if is_reference(system.connector):
            continue
        if system.connector not in offer.connectors:
            fix = did_you_mean(system.connector, offer.connectors)
            message = f"unknown connector '{system.connector}'"
            problems.append(document.problem((*path, "connector"), message, fix, part="value"))
            continue
        try:
            model = offer.config_model(system.connector)
        except SynchubError as error:
            message = f"the connector '{system.connector}' can't be used: {error.happened.rstrip('.')}"
            problems.append(document.problem((*path, "connector"), message, error.next_step, part="value"))
            continue
        problems += _setting_problems(system.settings, model, path, document, (folder, offer.environ))
    return problems


def _setting_problems(
    settings: Mapping[str, Any],
    model: type[BaseModel],
    path: KeyPath,
    document: Document,
    around: tuple[Path, Mapping[str, str] | None],
) -> list[Problem]:
    folder, environ = around
    problems = [
        document.problem((*path, *place), message, CLEAR_TEXT, part="value")
        for place, message in _clear_text(settings, model)
    ]
    known = substituted(settings, environ or {})
    try:
        filled = described(known, model, folder)
        _, findings = examine(model, filled.settings, quiet=True)
    except Exception as error:
        # A plugin's own check may raise anything; it must not hide the other problems, nor tell a value.
        message = f"the connector's check of these settings failed ({type(error).__name__})"
        return [*problems, document.problem(path, message, "ask its author")]
    problems += filled.problems
    if _stands_open(known, model):
        # A connector's own checks between settings can't judge what isn't resolved yet.
        findings = [finding for finding in findings if finding.path]
    return problems + tell(document, _redacted(filled.news(findings), settings, known), path)


def _clear_text(settings: Mapping[str, Any], model: type[BaseModel]) -> Iterator[tuple[KeyPath, str]]:
    """Secrets that stand in hub.toml itself. A secret address without a password in it is none."""
    secret = {place.path for place in places(model, settings) if place.secret}
    for path, text in texts(settings):
        if not text or is_reference(text):
            continue
        name = next((str(key) for key in reversed(path) if isinstance(key, str)), "")
        if url_password(text):
            yield path, f"'{name}' holds a password in clear text"
        elif path in secret and "://" not in text:
            yield path, f"'{name}' is a secret in clear text"


def _stands_open(settings: Mapping[str, Any], model: type[BaseModel]) -> bool:
    secret = {place.path for place in places(model, settings) if place.secret}
    return any(is_reference(text) and path not in secret for path, text in texts(settings))


def _redacted(findings: list[Finding], written: Mapping[str, Any], resolved: Mapping[str, Any]) -> list[Finding]:
    """A connector's own words may quote a value that hub.toml only refers to."""
    plain = dict(texts(written))
    redactor = Redactor(text for path, text in texts(resolved) if plain.get(path) != text)
    return [Finding(finding.kind, finding.path, redactor.redact(finding.message), finding.fix) for finding in findings]


def system_config(configuration: Configuration, name: str, *, model: type[BaseModel], secrets: Secrets) -> BaseModel:
    """A system's settings with secrets resolved, as its connector's Config.

    ConfigurationError with all places in the file where a secret is missing or a value doesn't fit,
    PluginError if the connector's own check breaks; neither holds a value.
    """
    settings = configuration.systems[name].settings
    resolved: dict[str, Any] = {}
    missing = []
    for key, value in settings.items():
        try:
            resolved |= resolve_settings({key: value}, secrets)
        except ConfigurationError as error:
            missing.append(Finding("value", (key,), error.happened.rstrip("."), error.next_step))
    if missing:
        raise _located(configuration, name, missing)
    for place in places(model, resolved):
        if place.secret and isinstance(place.value, str):
            secrets.redactor.add(place.value)
    try:
        filled = described(resolved, model, configuration.folder)
        config, findings = examine(model, filled.settings, quiet=True)
    except Exception as error:
        raise PluginError(
            f"The connector of {name} failed to check its settings ({type(error).__name__}).",
            not_done=f"{name} was not reached.",
            next_step="Ask the author of the connector.",
        ) from None
    if filled.problems:
        raise failure(filled.problems)
    if config is None or findings or filled.findings:
        raise _located(configuration, name, _redacted(filled.news(findings), settings, resolved))
    return config


def _located(configuration: Configuration, name: str, findings: list[Finding]) -> ConfigurationError:
    document, problems = read_document(configuration.file)
    return failure(tell(document, findings, ("systems", name)) if document else problems)
