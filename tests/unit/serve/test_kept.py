"""The hub that is kept open: opened anew when its files change, kept when they are wrong."""

from __future__ import annotations

import logging

import pytest
from unit.serve.conftest import AnsweringHub, Own, Time

from synchub.errors import ConfigurationError
from synchub.serve.board import Board
from synchub.serve.kept import Kept


class Opening:
    """Opens a new hub each time, unless the files are `wrong`."""

    def __init__(self) -> None:
        self.hubs: list[AnsweringHub] = []
        self.wrong = False

    def __call__(self) -> AnsweringHub:
        if self.wrong:
            raise ConfigurationError("hub.toml is wrong.", problems=("hub.toml:3:1: unknown key",))
        self.hubs.append(AnsweringHub(Own(Time(), {})))
        return self.hubs[-1]


@pytest.fixture
def board() -> Board:
    return Board("test", Time().now)


LOG = logging.getLogger("synchub.serve")


def test_the_hub_stays_open_while_nothing_changes(board):
    opening = Opening()
    with Kept(opening, board, LOG) as kept:
        assert kept.current() is kept.current() is kept.hub
        assert len(opening.hubs) == 1
    assert opening.hubs[0].closed


def test_a_change_opens_it_anew_and_lets_the_old_one_go(board):
    opening = Opening()
    with Kept(opening, board, LOG) as kept:
        opening.hubs[0].unattended.version += 1

        assert kept.current() is opening.hubs[1]
        assert opening.hubs[0].closed
        assert not opening.hubs[1].closed


def test_a_wrong_change_keeps_the_one_before_and_is_told_once(board, caplog):
    opening = Opening()
    with Kept(opening, board, LOG) as kept:
        opening.wrong = True
        opening.hubs[0].unattended.version += 1
        for _ in range(5):
            assert kept.current() is opening.hubs[0]
        assert not opening.hubs[0].closed
        (record,) = caplog.records
        assert "hub.toml is wrong. hub.toml:3:1: unknown key" in record.getMessage()
        assert board.note

        opening.wrong = False
        opening.hubs[0].unattended.version += 1
        assert kept.current() is opening.hubs[1]
        assert board.note == ""
