"""The conversation that the demo plays, and what must be true after each step of it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage

from mailtickets.core.mail import Address
from mailtickets.demo import desk as house
from mailtickets.demo import letters, page, server
from mailtickets.demo.desk import ANN, DESK, MARIA, Broken, Desk
from mailtickets.demo.letters import Letter
from mailtickets.demo.server import PostOffice
from mailtickets.demo.terminal import Terminal

_PATIENCE = 60  # seconds for one mail; it takes about two

SUBJECT = "The printer on the second floor prints blank pages"
QUESTION = """\
Good morning,

since yesterday the printer next to the kitchen prints blank pages.
I have switched it off and on again twice.

Thank you
Maria"""
ANSWER = """\
Hello Maria,

please open the lid and look at the drum: is the orange strip still on it?
It has to come off.

Ann"""
THANKS = """\
It was. The first page is coming out right now, black on white.

Maria"""
CLOSE = "#status closed"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the conversation is played."""

    office: PostOffice
    smtp_port: int
    desk: Desk
    terminal: Terminal


async def play(stage: Stage) -> None:
    """Customer, agent, customer, agent. Broken at the first step that does not happen."""
    ticket, notification = await _asked(stage)
    answer = await _answered(stage, notification)
    reply = await _replied(stage, answer)
    await _closed(stage, reply, ticket)
    await _shown(stage, ticket)


async def _asked(stage: Stage) -> tuple[int, Letter]:
    """The customer writes. The new ticket's number, and what the agent got."""
    stage.terminal.step("Maria writes to the desk.")
    question = letters.fresh(MARIA, DESK, SUBJECT, QUESTION, datetime.now(UTC))
    await _post(stage, MARIA, question)
    acknowledgement = await _next(stage, MARIA, "acknowledgement")
    notification = await _next(stage, ANN, "notification")
    number = _number(acknowledgement)
    _demand(
        f"{stage.desk.url}/ticket/{number}" in acknowledgement.text,
        "The acknowledgement has no link to the ticket.",
    )
    _demand(
        acknowledgement.message["Auto-Submitted"] is not None,
        "The acknowledgement does not say that a machine wrote it.",
    )
    _demand(_number(notification) == number, "The agent was told of another ticket.")
    _demand(
        "the printer next to the kitchen" in notification.text, "The agent was not told what Maria wrote."
    )
    stage.terminal.done(f"Ticket {number} stands. Maria has its number, Ann has the mail.")
    return number, notification


async def _answered(stage: Stage, notification: Letter) -> Letter:
    """The agent answers from an ordinary mail client. What the customer got."""
    stage.terminal.step("Ann answers from her mail client.")
    await _post(stage, ANN, letters.reply(notification, ANN, ANSWER, datetime.now(UTC)))
    answer = await _next(stage, MARIA, "answer")
    _demand(answer.words == ANSWER, "Maria did not get exactly what Ann typed.")
    _demand(answer.sender == DESK, "The answer does not come from the desk's address.")
    _demand(ANN.name in answer.sender.name, "The answer does not say who wrote it.")
    _demand(answer.subject.lower().count("re:") == 1, "“Re:” does not stand once in the answer's subject.")
    stage.terminal.done("Maria got just what Ann typed, from the desk's address.")
    return answer


async def _replied(stage: Stage, answer: Letter) -> Letter:
    """The customer replies. What the agent got."""
    stage.terminal.step("Maria replies.")
    await _post(stage, MARIA, letters.reply(answer, MARIA, THANKS, datetime.now(UTC)))
    reply = await _next(stage, ANN, "customer's reply")
    _demand(_number(reply) == _number(answer), "Maria's reply came to another ticket.")
    _demand("black on white" in reply.text, "The agent was not told what Maria replied.")
    stage.terminal.done("It came to the same ticket, and Ann has it.")
    return reply


async def _closed(stage: Stage, reply: Letter, ticket: int) -> None:
    """The agent closes the ticket by a command."""
    stage.terminal.step(f"Ann replies {CLOSE}.")
    await _post(stage, ANN, letters.reply(reply, ANN, CLOSE, datetime.now(UTC)))
    told = await _next(stage, MARIA, "status mail")
    receipt = await _next(stage, ANN, "receipt")
    _demand("closed" in told.text.lower(), "The status mail does not say that the ticket is closed.")
    _demand(CLOSE not in told.text, "The command was shown to Maria.")
    _demand("closed" in receipt.text.lower(), "The receipt does not say what was changed.")
    status = await house.status(stage.desk, ticket)
    _demand(status == "closed", f"Ticket {ticket} is “{status}”, not closed.")
    stage.terminal.done(f"Ticket {ticket} is closed. Maria was told, Ann has a receipt.")


async def _shown(stage: Stage, ticket: int) -> None:
    """The page opens with a sign-in link, and nobody got a mail too many."""
    stage.terminal.step("The page.")
    link = await house.link(stage.desk, ANN)
    seen = await asyncio.to_thread(page.visit, link, f"{stage.desk.url}/ticket/{ticket}")
    _demand("is the orange strip still on it" in seen, "The page does not show the conversation.")
    stage.terminal.done("Signed in with a link, the page shows the conversation.")
    for person in (MARIA, ANN):
        _demand(stage.office.waiting(person) == 0, f"{person.name} got a mail too many.")


async def _post(stage: Stage, sender: Address, message: EmailMessage) -> None:
    await asyncio.to_thread(server.post, stage.smtp_port, sender, message)


async def _next(stage: Stage, to: Address, what: str) -> Letter:
    """The next letter to somebody. Broken if it does not come, or if the desk ends first."""
    letter = asyncio.ensure_future(stage.office.next(to))
    ended = asyncio.ensure_future(stage.desk.process.wait())
    await asyncio.wait((letter, ended), timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if letter.done():
        return letter.result()
    letter.cancel()
    if ended.done():
        raise Broken(f"The desk stopped before {to.name} got the {what}.")
    raise Broken(f"{to.name} got no {what} within {_PATIENCE} s.")


def _number(letter: Letter) -> int:
    found = re.search(r"\[#(\d+)\]", letter.subject)
    if found is None:
        raise Broken(f"The subject “{letter.subject}” holds no ticket number.")
    return int(found[1])


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)
