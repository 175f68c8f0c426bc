"""Calendar files in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.core.reading import invitations

TOLD = {
    "SUMMARY:Lunch\nDTSTART:20261124T110000Z\nDTEND:20261124T120000Z": (
        "Appointment: Lunch\nWhen: Tuesday 24 November 2026, 11:00 to 12:00 (UTC)"
    ),
    "SUMMARY:Fair\nDTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261127\nLOCATION:Hall 3\\, Rome": (
        "Appointment: Fair\nWhen: Tuesday 24 November 2026 to Thursday 26 November 2026\nWhere: Hall 3, Rome"
    ),
    "SUMMARY:One day\nDTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261125": (
        "Appointment: One day\nWhen: Tuesday 24 November 2026"
    ),
    'SUMMARY:Night\nDTSTART;TZID="W. Europe Standard Time":20261124T230000\nDTEND:20261125T010000\nRRULE:FREQ=DAILY': (
        "Appointment: Night\n"
        "When: Tuesday 24 November 2026, 23:00 to Wednesday 25 November 2026, 01:00 (W. Europe Standard Time), repeated"
    ),
    "DTSTART:20261124T110000": "Appointment\nWhen: Tuesday 24 November 2026, 11:00",
    "SUMMARY:Later\nDTSTART:soon": "Appointment: Later",
    "LOCATION:Nowhere": "",
    "DTSTART:99991231T110000\nDURATION:P999W": "Appointment\nWhen: Friday 31 December 9999, 11:00",
    "": "",
}


@pytest.mark.parametrize("event", TOLD)
def test_what_when_and_where_are_told(event: str) -> None:
    assert invitations.told(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n") == TOLD[event]


@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("REQUEST", "Invitation"),
        ("CANCEL", "Cancelled"),
        ("REPLY", "Answer to the invitation"),
        ("X", "Appointment"),
    ],
)
def test_it_says_what_is_wanted(method: str, what: str) -> None:
    calendar = f"METHOD:{method}\nBEGIN:VEVENT\nSUMMARY:Lunch\nEND:VEVENT"
    assert invitations.told(calendar) == f"{what}: Lunch"


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("ACCEPTED", "The invitation is accepted"),
        ("DECLINED", "The invitation is declined"),
        ("TENTATIVE", "The invitation is accepted, but not for sure"),
        ("X", "Answer to the invitation"),
    ],
)
def test_an_answer_says_which(answer: str, what: str) -> None:
    attendee = f'ATTENDEE;CN="Lee; of Customer";PARTSTAT={answer}:mailto:lee@customer.example'
    calendar = f"METHOD:REPLY\nBEGIN:VEVENT\n{attendee}\nSUMMARY:Lunch\nEND:VEVENT"
    assert invitations.told(calendar) == f"{what}: Lunch"


def test_no_line_of_a_title_can_pass_for_a_command() -> None:
    told = invitations.told("BEGIN:VEVENT\nSUMMARY:Lunch\\n#close\nEND:VEVENT")
    assert told == "Appointment: Lunch #close"


LINES = st.sampled_from(
    [
        "BEGIN:VEVENT",
        "END:VEVENT",
        "BEGIN:X",
        "END:X",
        "METHOD:REPLY",
        "SUMMARY:a",
        "DTSTART:20261124",
        "DTEND:00010101",
        "DTSTART:00010101T000000",
        "DURATION:PT9H",
        "DURATION:P",
        "RRULE:x",
        " folded",
    ]
)


@pytest.mark.parametrize("end", ["DTEND:00010101", "DURATION:PT9H", "DURATION:P9999999W"])
def test_an_end_that_cannot_be_is_left_out(end: str) -> None:
    for start in ("DTSTART:00010101", "DTSTART:20261124"):
        told = invitations.told("\n".join(["BEGIN:VEVENT", start, end]))
        assert "When: " in told
        assert " to " not in told


@given(st.lists(LINES | st.text(max_size=40), max_size=20))
def test_any_calendar_is_told_in_at_most_three_lines(lines: list[str]) -> None:
    assert invitations.told("\n".join(lines)).count("\n") <= 2
