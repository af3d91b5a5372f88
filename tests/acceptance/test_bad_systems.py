"""Systems that refuse, are down or break off in the middle: the others go on, the next run picks up, and no secret gets out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance.command import PROGRAM, written
from acceptance.company import Company, company
from servers.dovecot import Mailbox
from servers.postgresql import PostgreSQL
from servers.process import free_port

WRONG = "wrong-0c5e-secret"
EVERYONE = {"ann@lee.example", "bea@ray.example", "cy@coe.example", "dan@dee.example"}


@pytest.fixture
def acme(tmp_path: Path, mailbox: Mailbox) -> Iterator[Company]:
    with company(tmp_path, mailbox) as made:
        yield made


def settled(acme: Company) -> None:
    """All of them hold everybody, each once, and nothing is left to do."""
    assert sorted(found["email"] for found in acme.crm.contacts().values()) == sorted(EVERYONE)
    assert sorted(row[0] for row in acme.shop("SELECT lower(mail) FROM customers")) == sorted(EVERYONE)
    leads = (acme.hub.folder / "leads.csv").read_text().lower()
    assert all(leads.count(address) == 1 for address in EVERYONE)
    assert written(acme.hub.sync()) == 0


def keeps_secret(acme: Company, *secrets: str) -> None:
    """Neither what commands say at their most talkative, nor the store, holds a secret."""
    told = b""
    for arguments in (
        ("sync",),
        ("check",),
        ("status",),
        ("runs",),
        ("plan", "--json"),
        ("--log-format", "json", "sync"),
    ):
        done = subprocess.run(
            [PROGRAM, "-vv", "--debug", *arguments],
            cwd=acme.hub.folder,
            env={**os.environ, **acme.hub.environ},
            capture_output=True,
            check=False,
        )
        told += done.stdout + done.stderr
    kept = b"".join(path.read_bytes() for path in acme.hub.folder.glob("hub.db*") if path.is_file())
    assert told
    assert kept
    for secret in secrets:
        assert secret.encode() not in told
        assert secret.encode() not in kept


def problems(acme: Company) -> dict[str, str]:
    """What a sync that comes to an incomplete end says of each member."""
    told = acme.hub.json("sync", code=1)
    assert "incomplete" in {run["state"] for run in told["runs"]}
    return {f"{run['sync']}.{one['member']}": one["problem"] for run in told["runs"] for one in run["members"]}


def test_a_wrong_token(acme: Company) -> None:
    acme.hub.environ["CRM_TOKEN"] = WRONG

    checked = acme.hub("check", code=1).stdout
    assert "✗ crm hubspot" in checked
    assert "crm refused the credentials (401): Authentication credentials not found." in checked
    assert "Renew the credentials of crm" in checked
    assert "correlationId" not in checked

    told = problems(acme)
    assert told["contacts.crm"].startswith("crm refused the credentials (401)")
    assert told["contacts.shop"] == told["contacts.fair"] == ""
    assert {row[0] for row in acme.shop("SELECT mail FROM customers")} >= {"dan@dee.example", "cy@coe.example"}
    planned = acme.hub("plan", code=1).stdout
    assert "crm takes no part: crm refused the credentials" in planned
    assert "every system agrees" not in planned
    status = acme.hub("status").stdout
    assert "✗ contacts.crm: crm refused the credentials" in status
    keeps_secret(acme, WRONG, acme.hub.environ["MAIL_PASSWORD"])

    acme.hub.environ["CRM_TOKEN"] = acme.crm.token
    acme.hub.sync()
    settled(acme)
    assert "✗" not in acme.hub("status").stdout


def test_a_wrong_password_for_the_mail(acme: Company) -> None:
    right = acme.hub.environ["MAIL_PASSWORD"]
    acme.hub.environ["MAIL_PASSWORD"] = WRONG

    told = problems(acme)
    assert "refused the sign-in" in told["contacts.people"]
    assert told["contacts.crm"] == ""
    assert "Check user and password under [systems.mail]" in acme.hub("check", code=1).stdout
    settled_but_for_mail = {found["email"] for found in acme.crm.contacts().values()}
    assert settled_but_for_mail == EVERYONE

    acme.hub.environ["MAIL_PASSWORD"] = right
    acme.hub.sync()
    assert len(acme.crm.notes_of(acme.crm_id("ann@lee.example"))) == 1
    settled(acme)


def test_a_wrong_password_for_a_database(acme: Company, postgresql: PostgreSQL) -> None:
    sqlite = acme.hub.environ["SHOP_URL"]
    acme.hub.environ["SHOP_URL"] = f"postgresql://synchub:{WRONG}@127.0.0.1:{postgresql.port}/postgres"

    assert "refused user synchub" in acme.hub("check", code=1).stdout
    assert "refused user synchub" in problems(acme)["contacts.shop"]
    keeps_secret(acme, WRONG)

    acme.hub.environ["SHOP_URL"] = sqlite
    acme.hub.sync()
    settled(acme)


def test_a_crm_that_is_down_while_another_system_is_written(acme: Company) -> None:
    hurry(acme)
    acme.hub.sync()
    acme.crm.stop()
    leads = acme.hub.folder / "leads.csv"
    leads.write_text(leads.read_text() + "77,eve@eck.example,Eve,Eck,,Eck OHG,Kiel\n")

    planned = acme.hub("plan", code=1).stdout
    assert "1 change held back until what is open is settled and every system is reached" in planned
    told = problems(acme)
    assert "crm could not be reached" in told["contacts.crm"]
    assert told["contacts.fair"] == told["contacts.shop"] == ""
    assert acme.shop("SELECT town FROM customers WHERE mail = 'eve@eck.example'") == [("Kiel",)]
    leads.write_text(leads.read_text().replace("Kiel", "Bremen"))
    problems(acme)
    assert acme.shop("SELECT town FROM customers WHERE mail = 'eve@eck.example'") == [("Bremen",)]

    acme.crm.start()
    change_address(acme)
    acme.hub.sync()
    assert acme.crm_contact("eve@eck.example")["city"] == "Bremen"
    assert written(acme.hub.sync()) == 0


def test_a_database_server_that_is_down(acme: Company) -> None:
    acme.hub.sync()
    shop = acme.hub.environ["SHOP_URL"]
    acme.hub.environ["SHOP_URL"] = f"postgresql://synchub:{WRONG}@127.0.0.1:{free_port()}/shop"
    acme.crm.edit(acme.crm_id("bea@ray.example"), city="Kiel")

    assert "127.0.0.1" in problems(acme)["contacts.shop"]
    assert any(
        "bea@ray" in line and "Kiel" in line for line in (acme.hub.folder / "leads.csv").read_text().splitlines()
    )
    keeps_secret(acme, WRONG)

    acme.hub.environ["SHOP_URL"] = shop
    acme.hub.sync()
    assert acme.shop("SELECT town FROM customers WHERE mail = 'bea@ray.example'") == [("Kiel",)]
    assert written(acme.hub.sync()) == 0


def hurry(acme: Company) -> None:
    """Nobody waits here for a CRM to come back to itself."""
    settings = (acme.hub.folder / "hub.toml").read_text()
    acme.hub.write("hub.toml", settings.replace("[systems.crm]\n", "[systems.crm]\npatience  = 1\n"))


def change_address(acme: Company) -> None:
    """The stand-in may stand on another port after it was stopped."""
    lines = (acme.hub.folder / "hub.toml").read_text().splitlines()
    acme.hub.write(
        "hub.toml",
        "\n".join(f'url       = "{acme.crm.url}"' if line.startswith('url       = "http') else line for line in lines)
        + "\n",
    )


def test_a_mail_server_that_is_down(acme: Company) -> None:
    settings = (acme.hub.folder / "hub.toml").read_text()
    port = next(line for line in settings.splitlines() if line.startswith("port"))
    acme.hub.write("hub.toml", settings.replace(port, f"port = {free_port()}"))

    told = problems(acme)
    assert "can't be reached" in told["contacts.people"]
    assert "tried again with the next run" in told["activity.mail"]

    acme.hub.write("hub.toml", settings)
    acme.hub.sync()
    settled(acme)


def test_credentials_that_end_in_the_middle_of_a_run(acme: Company) -> None:
    acme.crm.meanwhile("/batch/create", acme.crm.revoke_token)

    done = acme.hub("sync", code=1)
    assert "incomplete" in done.stdout
    assert "2 writes unconfirmed; the next run settles them." in done.stdout
    assert "crm: 2 writes did not get through: crm refused the credentials (401)" in " ".join(done.stdout.split())
    assert {row[0] for row in acme.shop("SELECT lower(mail) FROM customers")} == EVERYONE
    assert "3 writes unconfirmed" in acme.hub("status").stdout  # and the note of an e-mail

    acme.crm.accept_token(acme.crm.token)
    again = acme.hub.sync()
    assert again["contacts.crm"]["created"] == 2
    settled(acme)


def test_a_crm_that_asks_for_patience_in_the_middle(acme: Company) -> None:
    acme.crm.fail(2, 429, "/batch/create", retry_after=1)

    told = acme.hub.sync()

    assert told["contacts.crm"]["created"] == 2
    assert told["contacts.crm"]["failed"] == 0
    settled(acme)


@pytest.mark.parametrize("path", ["/batch/create", "/crm/v3/objects/contacts"])
def test_a_crm_that_breaks_down_in_the_middle(acme: Company, path: str) -> None:
    hurry(acme)
    acme.crm.fail(50, 503, path)

    done = acme.hub("sync", code=1)
    assert "(503)" in done.stdout
    assert {row[0] for row in acme.shop("SELECT lower(mail) FROM customers")} >= {
        "dan@dee.example",
        "cy@coe.example",
        "ann@lee.example",
    }

    acme.crm.heal()
    acme.hub.sync()
    settled(acme)


def test_an_answer_that_is_lost_makes_no_second_record(acme: Company) -> None:
    acme.crm.drop_answer("/batch/create")

    acme.hub("sync", code=None)

    acme.hub("sync", code=None)
    settled(acme)


def test_what_comes_from_a_crm_can_do_nothing_in_a_cell_or_on_a_terminal(acme: Company) -> None:
    hostile = "\x1b[31mRed\x1b]0;owned\x07\x9b2J"
    acme.crm.create_contact(
        email="eve@eck.example", firstname='=cmd|" /C calc"!A0', lastname=hostile, company="+1+1", city="@SUM(1)"
    )

    shown = acme.hub("plan").stdout
    assert '=cmd|" /C calc"!A0' in shown
    assert "\\x1b[31mRed" in shown
    assert not {"\x1b", "\x07", "\x9b"} & set(shown)

    acme.hub.sync()
    line = next(row for row in (acme.hub.folder / "leads.csv").read_text().splitlines() if "eve@eck" in row)
    assert '"\'=cmd|"" /C calc""!A0"' in line
    assert ",'+1+1," in line
    assert ",'@SUM(1)" in line
    assert acme.shop("SELECT forename FROM customers WHERE mail = 'eve@eck.example'") == [('=cmd|" /C calc"!A0',)]
    for arguments in (("why", "contact", "eve@eck.example"), ("runs", "1"), ("status",)):
        assert not {"\x1b", "\x07", "\x9b"} & set(acme.hub(*arguments).stdout)
    assert written(acme.hub.sync()) == 0
    assert acme.crm_contact("eve@eck.example")["firstname"] == '=cmd|" /C calc"!A0'


def test_no_secret_is_told_or_kept_when_all_is_well(acme: Company) -> None:
    acme.hub.sync()

    keeps_secret(acme, acme.crm.token, acme.hub.environ["MAIL_PASSWORD"])
