"""The store's tables for SQLAlchemy Core. What each is for stands in migrations/, which makes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

metadata = MetaData()


def _table(name: str, key: str, numbers: str, texts: str = "") -> Table:
    """A table from the names of its columns; `key` names the primary key's."""
    keys = key.split()
    return Table(
        name,
        metadata,
        *(Column(column, BigInteger, primary_key=column in keys, autoincrement=False) for column in numbers.split()),
        *(Column(column, Text, primary_key=column in keys) for column in texts.split()),
    )


meta = _table("meta", "name", "", "name value")
counter = _table("counter", "name", "next", "name")
member = _table(
    "member",
    "id",
    "id read_at accepted fill_only claims",
    "entity system stream cursor mapping sources fields scope failed",
)
system_state = _table("system_state", "system", "", "system value")
record = _table("record", "id", "id dirty deleted_run void_before joined_into made_run", "entity golden")
link = _table(
    "link",
    "id",
    "id record member tomb made raw_hash updated_at seen_at first_at first_run first_seq stale_run",
    "remote_id version said held",
)
claim = _table("claim", "seq", "seq link record at run", "field value native base kind author reason")
history = _table("history", "id", "id link run", "field value reason")
form = _table("form", "link field state", "link count run", "field state golden native")
ident = _table("ident", "hash record", "hash record")
aside = _table(
    "aside", "id", "id member run tries retry_at", "remote_id kind field value reason cause raw idents state"
)
review = _table("review", "id", "id record run", "entity kind subject details state answer")
apart = _table("apart", "one other", "run", "one other")
run = _table("run", "id", "id started clock ended", "sync entity kind state holder summary")
operation = _table("operation", "id", "id run member record link at", "remote_id kind change version state reason")
saved_plan = _table("saved_plan", "id", "id made", "sync body")
event = _table(
    "event", "id", "id hash member ref_hash record occurred_at run dirty", "entity remote_id ref_field ref body"
)
rate = _table("rate", "day source target", "", "day source target value")
rule_epoch = _table("rule_epoch", "entity field since", "since", "entity field rule")
pause = _table("pause", "system", "failures failed_at until", "system problem")
