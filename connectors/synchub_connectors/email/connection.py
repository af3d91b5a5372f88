"""Reaching an IMAP server and signing in: everything that can go wrong there, said plainly."""

from __future__ import annotations

import logging
import re
import socket
import ssl

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError

from synchub.api import AuthenticationError, ConfigurationError, Host, RetryLater, SynchubError
from synchub_connectors.email.config import EmailConfig

TIMEOUT_SECONDS = 30.0

_NOT_READ = "No mail was read."
# Response codes of RFC 5530 that tell of the server's state, not of the password.
_PASSES = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA)\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def connect(config: EmailConfig, host: Host) -> IMAPClient:
    """A connection that is signed in. The caller logs it out.

    Raises ConfigurationError, AuthenticationError or RetryLater; none of them holds the password.
    """
    password = config.password.get_secret_value()
    if _CONTROL.search(password) or not password:
        raise ConfigurationError(
            f"System {host.system}: the password is empty or has a line break in it.",
            not_done="It was not sent. " + _NOT_READ,
            next_step="Store it again; check that the file or variable holds the password alone.",
        )
    # The library below logs every line it receives, whole messages, at debug level.
    logging.getLogger("imapclient.imaplib").setLevel(logging.WARNING)
    client = _open(config, host)
    try:
        _sign_in(client, config, host)
    except BaseException:
        client.shutdown()
        raise
    client.normalise_times = False
    return client


def _open(config: EmailConfig, host: Host) -> IMAPClient:
    try:
        client = _reach(config, _tls(config, host))
    except (OSError, IMAPClientError) as fault:
        raise _unreachable(fault, config, host) from None
    return client


def _tls(config: EmailConfig, host: Host) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(host.folder / config.ca_file) if config.ca_file else None)
    except OSError as fault:  # a missing file, or one that holds no certificate
        raise ConfigurationError(
            f"System {host.system}: the file in ca_file can't be used ({one_reason(fault)}).",
            not_done=_NOT_READ,
            next_step=f"Put a PEM file at {host.folder / str(config.ca_file)}, or remove ca_file.",
        ) from None


def _reach(config: EmailConfig, tls: ssl.SSLContext) -> IMAPClient:
    if config.security == "tls":
        return IMAPClient(config.host, config.port, ssl=True, ssl_context=tls, timeout=TIMEOUT_SECONDS)
    client = IMAPClient(config.host, config.port, ssl=False, timeout=TIMEOUT_SECONDS)
    if config.security == "starttls":
        try:
            client.starttls(tls)
        except BaseException:
            client.shutdown()
            raise
    return client


def _unreachable(fault: Exception, config: EmailConfig, host: Host) -> SynchubError:
    server = f"{config.host}:{config.port}"
    if isinstance(fault, ssl.SSLCertVerificationError):
        return ConfigurationError(
            f"System {host.system}: the certificate of {server} is not trusted ({fault.verify_message}).",
            not_done="The password was not sent. " + _NOT_READ,
            next_step="Use the host name that the certificate was made for. "
            "If the authority is your own, name its file in ca_file.",
        )
    if isinstance(fault, ssl.SSLError):
        return ConfigurationError(
            f"System {host.system}: {server} does not speak TLS in the way expected ({one_reason(fault)}).",
            not_done="The password was not sent. " + _NOT_READ,
            next_step='Check port and security: 993 goes with "tls", 143 with "starttls".',
        )
    if isinstance(fault, CapabilityError):
        return ConfigurationError(
            f"System {host.system}: {server} does not offer STARTTLS.",
            not_done="The password was not sent. " + _NOT_READ,
            next_step='Set security = "tls" and port = 993.',
        )
    if isinstance(fault, socket.gaierror) and fault.errno == socket.EAI_NONAME:
        return ConfigurationError(
            f"System {host.system}: there is no server named {config.host}.",
            not_done=_NOT_READ,
            next_step=f"Correct host under [systems.{host.system}]; your mail provider's help names it.",
        )
    return RetryLater(
        f"System {host.system}: the mail server {server} can't be reached ({one_reason(fault)}).",
        not_done=_NOT_READ,
        next_step="It is tried again with the next run. If it stays so, check host, port and the firewall.",
    )


def _sign_in(client: IMAPClient, config: EmailConfig, host: Host) -> None:
    password = config.password.get_secret_value()
    try:
        if (config.user + password).isascii():
            # The library quotes the password, but not the user.
            client.login(_quoted(config.user), password)
        else:
            client.plain_login(config.user, password)
    except (IMAPClientAbortError, OSError) as fault:
        raise _unreachable(fault, config, host) from None
    except IMAPClientError as fault:
        raise _refused(one_reason(fault, password), config, host) from None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _refused(reason: str, config: EmailConfig, host: Host) -> SynchubError:
    if _PASSES.search(reason):
        return RetryLater(
            f"System {host.system}: the mail server takes no sign-in at the moment ({reason}).",
            not_done=_NOT_READ,
            next_step="It is tried again with the next run.",
        )
    return AuthenticationError(
        f"System {host.system}: {config.host} refused the sign-in of {config.user} ({reason}).",
        not_done=_NOT_READ,
        next_step=f"Check user and password under [systems.{host.system}]. Many providers want an app "
        "password, made in their security settings, and IMAP switched on. Then run: synchub check",
    )


def one_reason(fault: BaseException, secret: str = "") -> str:
    """What a library or server said, on one short line, without the secret."""
    text = str(getattr(fault, "strerror", None) or fault or type(fault).__name__)
    if text.startswith("b'") and text.endswith("'"):
        text = text[2:-1]
    if secret:
        text = text.replace(secret, "***")
    return _CONTROL.sub(" ", text)[:200].strip()
