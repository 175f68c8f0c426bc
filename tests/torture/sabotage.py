"""Each defence has a switch that only this file can reach, and a test that fails once it is off.

Run as a program it switches each defence off in a fork of its own, runs the tests that should mind, and prints
`{"defence": exit code of pytest}`, a line each. There is nothing in the program to switch: a function or a constant is replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Defence:
    keeps: str  # what it is there for
    off: Callable[[], None]  # the switch
    caught_by: str  # the test that must fail: file, and -k if it is one of several
    only: str = ""


def _be(module: ModuleType | type, name: str, value: object) -> None:
    assert hasattr(module, name), f"{module.__name__} has no {name} any more: mend this switch"
    setattr(module, name, value)


# The switches.


def _no_fingerprints() -> None:
    context = import_module("mailtickets.store.ledger.context")  # the package means its function by that name
    _be(context, "_duplicate_of", lambda *_: None)


def _no_hashes() -> None:
    from mailtickets.store.ledger import intake

    _be(intake, "_first_of", lambda *_: {})


def _no_attempts() -> None:
    from mailtickets.store.ledger import intake

    _be(intake, "ATTEMPTS", 10**9)


def _no_epochs() -> None:
    from mailtickets.store.ledger import intake

    _be(intake, "_is_late", lambda *_: False)


def _decided_before_kept() -> None:
    from mailtickets.intake import Intake, decide_all
    from mailtickets.store import ledger

    async def take(self: Any, raws: Any) -> tuple[int, ...]:
        stored = tuple(ledger.Stored(0, raw, 1) for raw in raws)
        await decide_all(self.house, stored)
        return ()

    _be(Intake, "_take", take)


def _all_or_nothing() -> None:
    from mailtickets import desk
    from mailtickets.core.mail import Unreadable

    each = desk._take_together

    def together(tx: Any, at: Any, letters: Any, now: Any) -> Any:
        try:
            return each(tx, at, letters, now)
        except Exception as error:
            return tuple(desk._quarantine(tx, x.stored, Unreadable(repr(error)), now) for x in letters)

    _be(desk, "_take_together", together)


def _no_unique_mails() -> None:
    from mailtickets.store import outbox

    put, count = outbox.put, iter(range(10**9))
    # As if the key were wider: the same cause, another time.
    _be(outbox, "put", lambda sheet, mail, cause, *rest: put(sheet, mail, f"{cause}.{next(count)}", *rest))


def _no_fence() -> None:
    from mailtickets.store import outbox

    unfenced = outbox._SETTLE._clone()
    unfenced._where_criteria = outbox._SETTLE._where_criteria[:1]  # the row, whoever has it
    _be(outbox, "_SETTLE", unfenced)


def _no_counting_before_dialling() -> None:
    from mailtickets.store import outbox

    claim = outbox.claim
    _be(
        outbox,
        "claim",
        lambda tx, owner, n, now: tuple(
            replace(c, attempts=c.attempts - 1) for c in claim(tx, owner, n, now)
        ),
    )


def _no_release_of_dead_claims() -> None:
    from mailtickets.store import outbox

    _be(outbox, "release_claims", lambda *_: 0)


def _machines_are_answered() -> None:
    from mailtickets.core import guard

    _be(guard, "_why_not", lambda *_: None)


def _no_limits() -> None:
    from mailtickets.core import guard

    _be(guard, "_limit_met", lambda *_: None)


def _no_storms() -> None:
    from mailtickets.core import arrival

    _be(arrival, "_storm", lambda _: None)


def _no_counters() -> None:
    from mailtickets.core.case import Counters
    from mailtickets.store.ledger import counts

    _be(counts, "counters", lambda *_: Counters())


def _no_discretion() -> None:
    from mailtickets.core import guard

    _be(guard, "_discreet", lambda reply, _: replace(reply, is_proven=True))


def _any_signature() -> None:
    _be(hmac, "compare_digest", lambda *_: True)


def _any_person() -> None:
    from mailtickets.core import authority

    def proof(evidence: Any, *_: object) -> authority.Proof:
        return authority.Proof.CONTRARY if evidence.is_contrary else authority.Proof.BOTH

    _be(authority, "proof", proof)


def _contrary_is_forgotten() -> None:
    from mailtickets.core.identity import Evidence

    _be(Evidence, "is_contrary", property(lambda _: False))


def _words_order_nothing() -> None:
    from mailtickets.core.hearing import Hearing

    _be(Hearing, "relays", property(lambda _: False))


def _strict_is_normal() -> None:
    from mailtickets.core import authority

    verdict = authority.verdict
    _be(authority, "verdict", lambda need, role, proof, _: verdict(need, role, proof, False))


def _replays_order() -> None:
    from mailtickets.store.ledger.once import Once

    _be(Once, "imprinted", lambda *_: None)


def _any_date() -> None:
    from mailtickets.core import identity

    _be(identity, "aged", lambda found, *_: found)


def _tokens_are_never_spent() -> None:
    from mailtickets.core import audience

    _be(audience, "sees_tokens", lambda *_: False)


def _anybody_says_yes() -> None:
    from mailtickets.core import questions

    _be(questions, "_is_theirs", lambda *_: True)


def _any_word_is_yes() -> None:
    from mailtickets.core import questions

    _be(questions, "says_yes", lambda *_: True)


def _no_mail_need_be_shown() -> None:
    from mailtickets.core import questions

    _be(questions, "shows", lambda *_: True)


def _questions_never_lapse() -> None:
    from datetime import timedelta

    from mailtickets.core import questions

    confirmed: Any = questions.is_confirmed
    _be(questions, "is_confirmed", lambda *of: confirmed(*of[:-1], of[-1] - timedelta(days=1)))


def _questions_stay_open() -> None:
    from mailtickets.store import ledger

    _be(ledger, "answer_question", lambda *_: None)


def _any_deed_is_as_told() -> None:
    from mailtickets.core import questions

    _be(questions, "bond", lambda *_: "")


def _answers_are_letters() -> None:
    from mailtickets.store import ledger

    _be(ledger, "find_question", lambda *_: None)


def _staff_has_no_limits() -> None:
    from mailtickets.core import guard

    counts = guard._counts
    _be(guard, "_counts", lambda reply, case: counts(reply, case) and not reply.to.is_staff)


def _reply_to_is_answered() -> None:
    from mailtickets.core import replies

    to_sender = replies.to_sender

    def anywhere(h: Any, kind: Any) -> Any:
        reply = to_sender(h, kind)
        asked = h.mail.reply_to[0] if h.mail.reply_to else reply.to.address
        return replace(reply, to=replace(reply.to, address=asked))

    _be(replies, "to_sender", anywhere)


def _ids_travel_on() -> None:
    from mailtickets.core import compose

    _be(compose, "_without_ids_of_others", lambda reply, _: reply)


def _one_root_for_all() -> None:
    from mailtickets.core import tokens

    mint = tokens.mint
    _be(
        tokens,
        "mint",
        lambda secret, ticket, person, nonce, domain: mint(
            secret, ticket, 7 if nonce == "root" else person, nonce, domain
        ),
    )


def _words_go_to_anybody() -> None:
    from mailtickets.core import facts

    _be(facts, "_without_their_words", lambda reply, _: reply)


def _any_hop() -> None:
    from mailtickets.core import verdicts

    _be(verdicts, "_is_own_hop", lambda *_: True)


def _any_server() -> None:
    from mailtickets.core import verdicts
    from tests.store.front import SERVER

    _be(verdicts, "_called", lambda _: SERVER)


def _best_verdict() -> None:
    from mailtickets.core import identity

    each = identity._authenticated
    _be(
        identity,
        "_authenticated",
        lambda sender, found: next(filter(None, (each(sender, (v,)) for v in found)), ""),
    )


def _header_i_too() -> None:
    from mailtickets.core import verdicts

    _be(verdicts, "_domains", _named(verdicts._domains))
    verdicts._verdict.cache_clear()


def _named(domains: Callable[..., Any]) -> Callable[..., Any]:
    return lambda result, kind, name: (
        [*domains(result, kind, "d"), *domains(result, kind, "i")]
        if name == "d"
        else domains(result, kind, name)
    )


def _spoilt_fields_are_silent() -> None:
    from mailtickets.core import verdicts

    _be(verdicts, "_FAILED", re.compile("(?!)"))


def _any_reading() -> None:
    from mailtickets.core import identity

    _be(identity, "_why_not", lambda *_: "")


def _any_writer() -> None:
    from mailtickets.core import identity

    _be(identity, "of_another", lambda evidence: evidence)


def _any_form() -> None:
    from mailtickets import dkim

    _be(dkim, "_is_canonical", lambda _: True)


def _any_key() -> None:
    from mailtickets.core import signatures

    _be(signatures, "is_usable", lambda _: True)


def _part_is_whole() -> None:
    from mailtickets.core import signatures

    _be(signatures, "_is_whole", lambda *_: True)


def _nothing_is_disowned() -> None:
    from mailtickets.core import dmarc

    _be(dmarc, "wish", lambda *_, **__: None)


def _neighbours_are_disowned() -> None:
    from mailtickets.core import identity

    _be(identity, "may_be_disowned", lambda *_: True)


def _first_id_wins() -> None:
    from mailtickets.store.ledger import message_ids

    _be(message_ids, "on_own", lambda *_: ())


def _all_is_talk() -> None:
    from mailtickets.core.case import MessageKind
    from mailtickets.core.hearing import Hearing

    _be(Hearing, "kind", property(lambda _: MessageKind.PUBLIC))


def _anybody_copies() -> None:
    from mailtickets.core import joins

    _be(joins, "named_later", joins.named)


def _nobody_is_a_third_party() -> None:
    from mailtickets.core import hearing

    standing = hearing._standing

    def as_customer(*about: Any) -> hearing.Standing:
        found = standing(*about)
        return hearing.Standing.CUSTOMER if found is hearing.Standing.THIRD else found

    _be(hearing, "_standing", as_customer)


def _tickets_are_named() -> None:
    from mailtickets.core import replies

    to_sender = replies.to_sender
    _be(replies, "to_sender", lambda *about: replace(to_sender(*about), is_apart=False))


def _page_shows_all() -> None:
    ticket = import_module("mailtickets.store.views.ticket")  # the package means its function by that name
    _be(ticket, "_for_requester", lambda view: view)


def _anybodys_mail_is_ours() -> None:
    from mailtickets.core import identity

    _be(identity, "elsewhere", lambda evidence: evidence)


def _any_reply_to() -> None:
    from mailtickets.core import authors

    _be(authors, "_is_safe", lambda *_: True)


def _words_are_markup() -> None:
    import jinja2

    _be(jinja2, "select_autoescape", lambda _: False)


def _any_likeness() -> None:
    from mailtickets.core import mail

    _be(mail, "_lower", str.casefold)


def _any_from() -> None:
    from mailtickets.core.reading import headers

    sender = headers._sender
    _be(headers, "_sender", lambda froms: (sender(froms)[0], ()))


def _no_answered_text() -> None:
    from mailtickets.core.commands import grammar

    parse = grammar.parse
    for module in _users_of(parse):
        _be(module, "parse", lambda text, role, answered="", names=(): parse(text, role, "", names))


def _users_of(function: object) -> list[ModuleType]:
    ours = [m for n, m in sys.modules.items() if n.startswith("mailtickets.")]
    return [m for m in ours if getattr(m, "parse", None) is function]


def _own_addresses_are_strangers() -> None:
    from mailtickets.core import classify

    kind = classify.kind
    _be(classify, "kind", lambda mail, _: kind(mail, frozenset()))


def _any_tag() -> None:
    context = import_module("mailtickets.store.ledger.context")  # the package means its function by that name
    _be(context, "_may_use_tag", lambda *_: True)


def _any_header() -> None:
    from mailtickets.core import mime

    _be(mime, "one_line", lambda words: words)
    _be(mime, "_header", lambda name, value: f"{name}: {value}\r\n".encode())


def _no_limits_on_children() -> None:
    start = asyncio.create_subprocess_exec
    unlimited = (
        "import sys; from mailtickets.reader import child; from mailtickets.core.reading import ReadingLimits; "
        "child._settle_in = child._grant_time = lambda *_: None; "
        "child.live(int(sys.argv[1]), ReadingLimits(*map(int, sys.argv[2:])))"
    )

    async def exec_(program: str, *words: str, **more: Any) -> Any:
        return await start(program, "-I", "-c", unlimited, *words[words.index("-m") + 2 :], **more)

    _be(asyncio, "create_subprocess_exec", exec_)


def _no_deadline() -> None:
    from mailtickets.reader import pool

    death = pool._Death
    _be(pool, "_Death", lambda reason, may_be_chance: death("It died.", True))


def _any_pickle() -> None:
    import pickle

    from mailtickets.reader import pool

    _be(pool, "_Unpickler", pickle.Unpickler)


def _no_fsync() -> None:
    from mailtickets.store import blobs

    _be(blobs, "_sync_folder", lambda _: None)


def _octets_are_not_compared() -> None:
    from mailtickets.store.audit import Finding, Law, letters

    _be(letters, "octets", lambda *_: Finding(Law.OCTETS, 0, 0, ()))


def _histories_are_not_folded() -> None:
    from mailtickets.store.audit import tickets

    _be(tickets, "_compared", lambda *_: "")


def _no_lock() -> None:
    from mailtickets.store import lock

    _be(lock, "hold", lambda _: contextlib.nullcontext())


def _newer_is_current() -> None:
    from mailtickets.store import revision

    _be(revision, "revision_state", lambda _: "current")


def _readers_write() -> None:
    from mailtickets.store import connect

    _be(connect, "reader", connect.writer)


def _half_mails_are_whole() -> None:
    from mailtickets.imap import syntax

    item = syntax._item
    _be(syntax, "_item", lambda text, body, _: item(text, body, False))


def _lost_links_are_waited_for() -> None:
    from mailtickets.imap.link import Link

    _be(Link, "_lose", lambda *_: None)


def _broken_connections_are_kept() -> None:
    from mailtickets.smtp import Courier

    async def hand_over(self: Any, client: Any, letter: Any) -> Any:
        from mailtickets import smtp

        try:
            return await smtp._transaction(client, letter, self._deadlines)
        finally:
            self._keep(client)

    _be(Courier, "_hand_over", hand_over)


def _any_recipient() -> None:
    from mailtickets import smtp

    _be(smtp, "_path", lambda spec: spec.encode())


def _secrets_are_logged() -> None:
    from mailtickets import log

    _be(log, "_strike", lambda _, __, event: event)


def _servers_may_repeat() -> None:
    from mailtickets import strike

    _be(strike, "out", lambda words, shortest=0: words)


def _any_seal() -> None:
    from datetime import UTC, datetime

    from mailtickets.core import openpgp

    fits = openpgp.Signed("0" * 40, datetime(2026, 1, 1, tzinfo=UTC), "0" * 64)
    _be(openpgp, "detached", lambda *_: fits)
    _be(openpgp, "clear", lambda octets, _: (fits, octets))


def _what_was_signed_is_read_anew() -> None:
    from mailtickets.core.reading import seals

    opened = seals.opened
    _be(seals, "opened", lambda root, *rest: (root, opened(root, *rest)[1]))


def _for_whomever_it_was_signed() -> None:
    from mailtickets.core.reading import seals

    _be(seals, "_addressed", lambda seal, *_: seal)


def _seals_count_again() -> None:
    from mailtickets.store import ledger

    _be(ledger, "counted", lambda batch, letter, mail, evidence, again: evidence)


def _links_work_twice() -> None:
    from mailtickets.store import sessions

    use = sessions.use_link
    spent: dict[str, int | None] = {}

    def again(tx: Any, hash: str, now: Any) -> int | None:
        spent[hash] = use(tx, hash, now) or spent.get(hash)
        return spent[hash]

    _be(sessions, "use_link", again)


def _everybody_sees_all() -> None:
    from sqlalchemy import true

    from mailtickets.store import tickets

    _be(tickets, "seen_by", lambda *_: true())


D = "tests/core/test_decide.py"
F = "tests/store/test_forgeries.py"
S = "tests/store/test_strangers.py"
DEFENCES: Mapping[str, Defence] = {
    "fingerprint": Defence("the same letter by another route is one letter", _no_fingerprints, "tests/store/test_context.py", "duplicate and sqlite"),
    "raw hash": Defence("the same octets are one letter", _no_hashes, "tests/store/test_intake.py", "(same_octets or new_uidvalidity) and sqlite"),
    "attempts": Defence("no letter brings the desk down more than three times", _no_attempts, "tests/store/test_intake.py", "attempt and sqlite"),
    "epochs": Defence("a new UIDVALIDITY acknowledges nothing anew", _no_epochs, "tests/store/test_intake.py", "late and sqlite"),
    "kept before decided": Defence("what has been read is ours already", _decided_before_kept, "tests/torture/test_sabotage.py", "kept_before_it_is_read"),
    "each for itself": Defence("a letter that breaks the desk costs only itself", _all_or_nothing, "tests/torture/test_sabotage.py", "costs_only_itself"),
    "unique mail": Defence("what is decided twice is mailed once", _no_unique_mails, "tests/store/test_outbox.py", "same_cause and sqlite"),
    "fence": Defence("who lost the claim settles nothing", _no_fence, "tests/store/test_outbox.py", "late_owner and sqlite"),
    "counted before dialling": Defence("a crash while sending never makes a loop", _no_counting_before_dialling, "tests/store/test_outbox.py", "before_anybody_dials and sqlite"),
    "dead claims": Defence("what a dead daemon was at is sent at once", _no_release_of_dead_claims, "tests/store/test_outbox.py", "dead_owner and sqlite"),
    "no machine": Defence("no machine is answered", _machines_are_answered, "tests/core/test_guard.py", "machine or itself"),
    "loop counters": Defence("automatic mail has an end", _no_limits, D, "beyond_a_limit or in_the_middle"),
    "storm": Defence("a flood of tickets is held", _no_storms, D, "storm"),
    "counting": Defence("what was sent counts", _no_counters, "tests/store/test_context.py", "count and sqlite"),
    "discretion": Defence("an unproven sender gets none of the own words back", _no_discretion, "tests/core/test_guard.py", "unproven"),
    "token": Defence("nobody but the desk makes a token", _any_signature, "tests/core/test_tokens.py", "signed_part"),
    "token's person": Defence("a token proves its own person only", _any_person, "tests/core/test_authority.py", "own_person"),
    "contrary evidence": Defence("dmarc=fail beats a token", _contrary_is_forgotten, "tests/core/test_authority.py", "own_person or quoted"),
    "words are an order": Defence("an agent's words go out only if they are the agent's", _words_order_nothing, D, "believed_only_with_proof"),
    "strict": Defence("authority = strict asks for two proofs", _strict_is_normal, "tests/core/test_authority.py", "every_order"),
    "replay": Defence("a genuine mail that is sent again does nothing", _replays_order, "tests/house/test_once.py", "works_once or one_batch"),
    "date": Defence("an old mail orders nothing", _any_date, "tests/house/test_once.py", "old_mail"),
    "spent token": Defence("an id that somebody outside has seen proves nothing", _tokens_are_never_spent, "tests/house/test_once.py", "went_to_someone or within_the_batch"),
    "yes of the person": Defence("only who was asked says yes", _anybody_says_yes, "tests/house/test_confirm.py", "somebody_else or fails_the_check"),
    "plain yes": Defence("only a plain yes confirms", _any_word_is_yes, "tests/house/test_confirm.py", "anything_else"),
    "yes shows the mail": Defence("who says yes has read the mail that asked", _no_mail_need_be_shown, "tests/house/test_confirm.py", "outside_has_seen_confirms_nothing"),
    "yes in time": Defence("a yes counts for fifteen minutes", _questions_never_lapse, "tests/house/test_confirm.py", "too_late"),
    "yes once": Defence("a yes counts once", _questions_stay_open, "tests/house/test_confirm.py", "ordered_once"),
    "as told": Defence("a yes does what was told and nothing else", _any_deed_is_as_told, "tests/house/test_confirm.py", "somebody_else_by_now"),
    "answers apart": Defence("an answer to a question goes to no customer", _answers_are_letters, "tests/house/test_confirm.py", "anything_else"),
    "staff's limits": Defence("nobody fills an agent's inbox in the agent's name", _staff_has_no_limits, D, "fill_the_agents_inbox"),
    "registered address": Defence("what goes back goes to the registered address", _reply_to_is_answered, D, "registered_address_only"),
    "ids travel": Defence("no text or file brings an id of ours to another person", _ids_travel_on, "tests/core/test_compose.py", "brings_an_id"),
    "ids of others": Defence("no mail holds an id that was made for another person", _one_root_for_all, "tests/core/test_compose.py", "made_for_another_person"),
    "guarded words": Defence("no mail to an unproven sender holds what he wrote, whatever was decided", _words_go_to_anybody, "tests/core/test_compose.py", "goes_nothing_that_he_wrote"),
    "own hosts": Defence("a foreign verdict does not count", _any_hop, "tests/core/test_identity.py", "foreign_hop"),
    "server's id": Defence("only the operator's own server is heard", _any_server, F, "another"),
    "worst verdict": Defence("of several verdicts the worst counts", _best_verdict, F, "above or below"),
    "signing domain": Defence("a signer cannot sign for another", _header_i_too, F, "ours"),
    "spoilt field": Defence("a stranger's words hide no dmarc=fail", _spoilt_fields_are_silent, F, "spoilt"),
    "one reading": Defence("nobody vouches for what can be read in two ways", _any_reading, F, "signed or subject"),
    "writer in From": Defence("whoever stands in Reply-To is proven by nothing", _any_writer, F, "form"),
    "one form": Defence("a signature has one form, so that its letter comes once", _any_form, "tests/edges/test_dkim.py", "another_form"),
    "usable key": Defence("a key that its owner only tries proves nothing", _any_key, "tests/edges/test_dkim.py", "not_there"),
    "whole signature": Defence("a signature covers all that a reader goes by", _part_is_whole, "tests/core/test_signatures.py", "leaves_room"),
    "disowned": Defence("what its domain asks to refuse is contradicted", _nothing_is_disowned, "tests/edges/test_dkim.py", "disowned"),
    "next door": Defence("only what should have been signed is disowned", _neighbours_are_disowned, "tests/core/test_identity.py", "held_against"),
    "first id": Defence("an id that a stranger used first takes no letter away", _first_id_wins, S, "forged_id_makes"),
    "talk": Defence("what was made to come here is shown to staff alone", _all_is_talk, S, "made_to_come or seems_to_have"),
    "copies": Defence("only the requester brings somebody onto a ticket", _anybody_copies, S, "brings_somebody"),
    "third party": Defence("whoever is not on the ticket changes nothing", _nobody_is_a_third_party, S, "any_way_in"),
    "apart": Defence("whoever is not on the ticket is not told its subject", _tickets_are_named, S, "any_way_in"),
    "requester's page": Defence("a requester reads neither notes nor machines", _page_shows_all, S, "made_to_come or any_way_in"),
    "written to us": Defence("what an agent wrote to others is no order", _anybodys_mail_is_ours, F, "send_it_on"),
    "Reply-To": Defence("no answer goes where somebody else might read it", _any_reply_to, "tests/store/test_consequences.py", "goes_nowhere and sqlite"),
    "markup": Defence("words of others are no markup in our mails", _words_are_markup, "tests/edges/test_templates.py", "markup_nor_template"),
    "one address": Defence("an address that only looks like another is another", _any_likeness, "tests/core/test_reading_addresses.py", "looks_like"),
    "one From": Defence("two Froms are nobody's", _any_from, F, "Froms or group"),
    "answered text": Defence("a quoted line is no command", _no_answered_text, D, "answered_message"),
    "own address": Defence("the desk does not answer itself", _own_addresses_are_strangers, "tests/core/test_classify.py", "headers_say"),
    "tag": Defence("a guessed number leads nowhere", _any_tag, "tests/store/test_context.py", "number_leads and sqlite"),
    "header": Defence("no word makes a header of its own", _any_header, "tests/core/test_compose.py", "no_word_of_anybody"),
    "a child's limits": Defence("no letter takes the machine's memory", _no_limits_on_children, "tests/edges/test_reader.py", "memory_and_time"),
    "a child's deadline": Defence("a letter that takes too long is blamed for it", _no_deadline, "tests/edges/test_reader.py", "too_long"),
    "a child's answer": Defence("a child can only answer with a letter", _any_pickle, "tests/edges/test_reader.py", "nothing_but_a_letter"),
    "fsync": Defence("what was kept survives a power cut", _no_fsync, "tests/store/test_blobs.py", "on_disk"),
    "octets compared": Defence("octets that changed are noticed", _octets_are_not_compared, "tests/store/test_audit.py", "by_hand and sqlite"),
    "histories folded": Defence("a ticket changed by hand is noticed", _histories_are_not_folded, "tests/store/test_audit.py", "by_hand and sqlite"),
    "lock": Defence("one daemon a state directory", _no_lock, "tests/edges/test_cli.py", "second_instance"),
    "revision": Defence("a newer database is not touched", _newer_is_current, "tests/store/test_revision.py", "newer and sqlite"),
    "read only": Defence("what only reads cannot write", _readers_write, "tests/store/test_engine.py", "cannot_write and sqlite"),
    "torn mail": Defence("half a mail is not kept for a whole one", _half_mails_are_whole, "tests/edges/test_imap_scripted.py", "announces_less or FETCH-announces"),
    "lost link": Defence("a lost link is noticed", _lost_links_are_waited_for, "tests/edges/test_imap_scripted.py", "NOOP-hangs"),
    "new connection": Defence("no mail is sent into another", _broken_connections_are_kept, "tests/edges/test_smtp_sink.py", "cancelled_within_data"),
    "envelope": Defence("no address ends the command line", _any_recipient, "tests/edges/test_smtp_sink.py", "no_address_fails"),
    "echo": Defence("no server repeats a secret", _servers_may_repeat, "tests/edges/test_wire.py", "struck_out"),
    "seal": Defence("a signature fits", _any_seal, "tests/core/test_seals.py", "anything_less"),
    "sealed words": Defence(
        "what is read is what was signed", _what_was_signed_is_read_anew, "tests/core/test_seals.py", "hidden"
    ),
    "sealed for us": Defence(
        "what was signed for others orders nothing",
        _for_whomever_it_was_signed,
        "tests/core/test_seals.py",
        "anything_less",
    ),
    "seal once": Defence(
        "a signature counts once", _seals_count_again, "tests/store/test_seals.py", "another_ticket"
    ),
    "log": Defence("no secret in the log", _secrets_are_logged, "tests/edges/test_log.py", "secret"),
    "link once": Defence("a sign-in link works once", _links_work_twice, "tests/store/test_sessions.py", "spent_once and sqlite"),
    "who sees": Defence("nobody is shown another's ticket", _everybody_sees_all, "tests/store/test_context.py", "may_see and sqlite"),
}  # fmt: skip


# The run.


def codes(names: list[str], table: str = "sabotage") -> dict[str, int]:
    """What pytest ended with when each of these was off: 0 all passed, 1 some failed, else it did not come so far."""
    cache = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{tempfile.gettempdir()}/mt-torture-pyc"}
    done = subprocess.run(
        [sys.executable, "-m", f"tests.torture.{table}", *names],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env=os.environ | cache,
        check=True,
        timeout=540,
    )
    lines = [line for line in done.stdout.decode().splitlines() if line.startswith('{"')]
    return {name: code for line in lines for name, code in json.loads(line).items()}


def run(table: Mapping[str, Defence], names: list[str]) -> None:
    """Say of each what pytest ended with when it was off."""
    import mailtickets.control
    import mailtickets.daemon  # noqa: F401  imported once for all forks

    for wanted in names or table:
        print(json.dumps({wanted: _try(table[wanted])}), flush=True)


def _try(defence: Defence) -> int:
    """Off, in a fork of its own."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    import pytest

    code = 99
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        defence.off()
        only = ["-k", defence.only] if defence.only else []
        options = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", "--timeout", "60", "--tb", "no"]
        code = int(pytest.main([*options, str(ROOT / defence.caught_by), *only]))
    finally:
        os._exit(code)


if __name__ == "__main__":
    run(DEFENCES, sys.argv[1:])
