"""Carries out the commands of one mail: all of them, or none."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailtickets.core.authority import Need
from mailtickets.core.case import Refusal, ReplyKind
from mailtickets.core.commands.command import Cannot, Deed, Scene
from mailtickets.core.commands.grammar import Block, Said
from mailtickets.core.ticket import Changed, Ticket, evolve

NO_TICKET = "Your mail belongs to no ticket. Reply to a mail about the ticket that you mean."


NOT_OWN = "Only the person who opened a ticket can change it. Write what you want; a person will read it."


@dataclass(frozen=True, slots=True)
class Deeds:
    """What the commands of one mail do, taken together. With refusals none of it is done."""

    changes: tuple[Changed, ...] = ()
    asks: tuple[tuple[ReplyKind, str], ...] = ()  # which mail, and what about
    is_internal: bool = False
    is_quiet: bool = False
    is_status: bool = False  # the sender has said which status is right
    remarks: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    held_back: tuple[str, ...] = ()  # lines that were right

    @property
    def needs_receipt(self) -> bool:
        """Whether more was done than to send what was asked for."""
        return bool(self.changes or self.is_internal or self.is_quiet or self.remarks)


def need(block: Block) -> Need:
    """What the gravest command of a mail asks for."""
    needs = [said.command.need for said in block.said]
    return max(needs, key=list(Need).index, default=Need.NOTHING)


def play(block: Block, scene: Scene) -> Deeds:
    """Each command on what those before it have left. Nobody is believed or doubted here."""
    deeds: list[Deed] = []
    refusals = list(block.slips)
    held_back: list[str] = []
    for said in block.said:
        done = _one(said, scene)
        if isinstance(done, Cannot):
            refusals.append(_refusal(said, done))
            continue
        held_back.append(said.line)
        deeds.append(done)
        scene = replace(scene, ticket=_after(scene.ticket, done.changes))
    if refusals:
        return Deeds(refusals=tuple(refusals), held_back=tuple(held_back))
    return Deeds(
        changes=tuple(change for deed in deeds for change in deed.changes),
        asks=tuple(dict.fromkeys((deed.asks, deed.about) for deed in deeds if deed.asks is not None)),
        is_internal=any(deed.is_internal for deed in deeds),
        is_quiet=any(deed.is_quiet for deed in deeds),
        is_status=any(deed.is_status for deed in deeds),
        remarks=tuple(deed.remark for deed in deeds if deed.remark),
    )


def _one(said: Said, scene: Scene) -> Deed | Cannot:
    if said.command.on_ticket and scene.ticket is None:
        return Cannot(NO_TICKET)
    if said.command.on_ticket and not scene.is_own:
        return Cannot(NOT_OWN)
    return said.command.run(scene, said.value)


def _refusal(said: Said, cannot: Cannot) -> Refusal:
    meant = f"#{said.command.word} {cannot.nearest}" if cannot.nearest else ""
    return Refusal(said.line, cannot.why, cannot.allowed, meant)


def _after(ticket: Ticket | None, changes: tuple[Changed, ...]) -> Ticket | None:
    if ticket is None:
        return None
    for change in changes:
        ticket = evolve(ticket, change)
    return ticket
