"""The connection itself. A forbidden address is refused once its name is resolved, before anything is sent:
no name server can point a harmless name at one."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from synchub.http.addresses import forbidden, forbidden_address

CONNECTIONS = 10


class Transport(HTTPAdapter):
    """A pool of ten connections that repeats nothing by itself: the session decides that.

    `refuse` judges the IP address at the other end of a new connection.
    """

    def __init__(self, refuse: Callable[[str], bool] = forbidden) -> None:
        self._refuse = refuse
        super().__init__(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS, max_retries=0, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _guarded(self._refuse)


def _guarded(refuse: Callable[[str], bool]) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections look at who answered before anything is sent."""

    def looked_at(connected: socket.socket) -> socket.socket:
        peer = str(connected.getpeername()[0])
        if refuse(peer):
            connected.close()
            raise forbidden_address(peer)
        return connected

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return looked_at(super()._new_conn())

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return looked_at(super()._new_conn())

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
