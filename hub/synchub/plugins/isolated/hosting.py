"""What a connector in a process of its own asks of its host, answered."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from synchub.api import Budget, Host, HttpSession, Renewing
from synchub.errors import PluginError

TOLD = ("method", "path", "params", "json", "data", "headers", "safe_to_repeat", "accept")


@dataclass
class Services:
    """The services of a host, by their names on the wire."""

    host: Host
    sessions: dict[int, HttpSession] = field(default_factory=dict)
    held: dict[int, tuple[ExitStack, Renewing]] = field(default_factory=dict)

    def answer(self, said: Mapping[str, Any]) -> tuple[Any, bytes]:
        """What one question comes to. Raises what the host raises."""
        match said:
            case {"ask": "now"}:
                return self.host.now(), b""
            case {"ask": "new_id"}:
                return self.host.new_id(), b""
            case {"ask": "sleep", "seconds": seconds}:
                self.host.sleep(float(seconds))
                return None, b""
            case {"ask": "hide", "secret": str(secret)}:
                self.host.hide(secret)
                return None, b""
            case {"ask": "session", "base_url": str(address), "headers": headers, "budget": budget}:
                shared = None if budget is None else Budget(**budget)
                self.sessions[len(self.sessions)] = self.host.session(address, headers=headers, budget=shared)
                return len(self.sessions) - 1, b""
            case {"ask": "request", "number": int(number)}:
                return self._request(number, said)
            case {"ask": "renewing" | "renewed" | "value" | "keep"}:
                return self._renew(said), b""
        raise PluginError("It asked its host for what there is not.", not_done="It was ended.")

    def _request(self, number: int, said: Mapping[str, Any]) -> tuple[Any, bytes]:
        asked = {name: said[name] for name in TOLD}
        method, path = asked.pop("method"), asked.pop("path")
        answer = self.sessions[number].request(method, path, **asked)
        told = {"status": answer.status_code, "url": answer.url, "reason": answer.reason, "encoding": answer.encoding}
        return {**told, "headers": dict(answer.headers)}, answer.content

    def _renew(self, said: Mapping[str, Any]) -> Any:
        if said["ask"] == "renewing":
            stack = ExitStack()
            held = stack.enter_context(self.host.renewing(*said["setting"]))
            self.held[len(self.held)] = (stack, held)
            return len(self.held) - 1
        stack, held = self.held[said["number"]]
        if said["ask"] == "value":
            return held.value
        return stack.close() if said["ask"] == "renewed" else held.keep(str(said["value"]))

    def close(self) -> None:
        for stack, _ in self.held.values():
            stack.close()
