"""The API keeps to what its OpenAPI document says of it, whatever it is asked, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests import day as days
from tests.day import ANN, MARIA, TOM, Day

# No schema can say what the query language takes, and the cookie that is sent is always a whole one.
BEYOND: list[Any] = [positive_data_acceptance, negative_data_rejection]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    day = days.open_day(tmp_path_factory.mktemp("day"))
    days.printer(day)
    days.busy(day)
    yield day
    day.store.close_sync()


@pytest.fixture(scope="module")
def cookies(day: Day) -> tuple[dict[str, str], ...]:
    """Of an agent, of customers with and without tickets, and of nobody."""
    signed_in = (days.session(day, who) for who in (ANN, MARIA, TOM))
    return (*({"Cookie": f"mailtickets={token}"} for token in signed_in), {"Cookie": "mailtickets=guessed"})


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_as_the_document_says(
    day: Day, cookies: tuple[dict[str, str], ...], mode: GenerationMode
) -> None:
    api = schemathesis.openapi.from_asgi("/api/openapi.json", days.window(day))
    asked = set()
    for found in api.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        asked.add(operation.label)

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
        def ask(case: Case[Any]) -> None:
            for cookie in cookies:
                case.call_and_validate(headers=cookie, excluded_checks=BEYOND)

        ask()
    assert asked == {"GET /api/tickets", "GET /api/tickets/{number}"}
