"""HTTP sessions that the host hands to connectors. `requests` is imported in this package and nowhere else.

    sessions   opens sessions; all opened by one `Sessions` share the budgets of their accounts
    session    one request: checked, paced, sent, repeated where that is safe, read within limits
    answers    what an answer or a failure means: take it, wait and repeat, or give up (pure)
    addresses  which addresses may be reached, and with credentials (pure)
    transport  the connection itself: refuses forbidden addresses after the name was resolved
    waiting    how long to wait between tries, and when to give up
    pace       how many requests an account may still make
    complaints what people are told when a request came to nothing (pure)

A request may be sent again only where that can't do anything twice; all else is the caller's to settle.
"""

from __future__ import annotations

from synchub.http.sessions import Sessions

__all__ = ["Sessions"]
