"""The matrix: each way to forge a sender times each thing that a forger wants. Executed: 0.

A row of `FORGERIES` is a letter that seems to come from somebody who may give the order; a row of `GENUINE` is one that
does, by the same means honestly used. An order is a column. Further rows and columns need nothing but themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from mailtickets.core import tokens
from mailtickets.core.case import Outcome
from mailtickets.core.identity import Trust
from mailtickets.core.mail import Address
from mailtickets.core.tokens import Secret
from mailtickets.store import schema
from tests.store.front import SECRET, SERVER, Front
from tests.store.letters import DESK, LEE
from tests.store.stage import ANN, BEN, CANARY, EVE, LIFTED, MIA, Stage, said, tells

# What a forger wants.


@dataclass(frozen=True, slots=True)
class Order:
    who: Address  # who may give it
    text: str
    strict: bool = False

    @property
    def kind(self) -> str:
        """The mail about ticket 1 whose id would prove it."""
        return "acknowledgement 1" if self.who == LEE else "opened 1"


ORDERS = {
    "ordinary command": Order(ANN, "#status closed"),
    "grave command": Order(ANN, "#status closed", strict=True),
    "agent's reply": Order(ANN, f"Dear Lee, send the key to {EVE}. {CANARY}"),
    "agent's reply and command": Order(ANN, f"#close\n\nDear Lee, it is done. {CANARY}"),
    "customer's command": Order(LEE, "#close"),
}


# How it is forged.


@dataclass(frozen=True, slots=True)
class Letter:
    """Header lines, top first, in which {who}, {domain}, {local} and ids stand for what the order asks; and the text."""

    head: str
    body: str = "{text}"
    trust: Trust = Trust(authserv_id=SERVER)  # noqa: RUF009  frozen
    subject: str = f"Re: [#1] {CANARY}"
    to: str = DESK.spec


OURS = f"Authentication-Results: {SERVER};"
PASS = f"{OURS} dmarc=pass header.from={{domain}}"
FAIL = f"{OURS} dmarc=fail header.from={{domain}}"
NONE = f"{OURS} dmarc=none header.from={{domain}}"
EVIL = f"{OURS} dmarc=pass header.from=evil.example"
WHO = "From: {who}"
TOKEN = "In-Reply-To: {token}"
HOPS = Trust(authserv_id=SERVER, own_hosts=(SERVER,))
MX, RELAY = (
    f"Received: from relay.evil.example by {SERVER} with ESMTP; x",
    "Received: from x by relay.evil.example; x",
)
OLD = Secret((b"o" * 32,))
SIGNED = (
    "DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s=s; h=from:to:subject:date:message-id; bh=eA==; b={b}"
)

FORGERIES: Mapping[str, Letter] = {
    # The server's word.
    "no header": Letter(WHO),
    "another server's id": Letter(f"{PASS.replace(SERVER, 'mx.evil.example')}\n{WHO}"),
    "an id that begins like ours": Letter(f"{PASS.replace(SERVER, f'{SERVER}.evil.example')}\n{WHO}"),
    "our id in a comment": Letter(f"{PASS.replace(SERVER, f'({SERVER}) mx.evil.example')}\n{WHO}"),
    "our id below a foreign hop": Letter(f"{MX}\n{RELAY}\n{PASS}\n{WHO}", trust=HOPS),
    "our id above a foreign hop": Letter(f"{NONE}\n{MX}\n{PASS}\n{RELAY}\n{WHO}", trust=HOPS),
    "our id below the server's own": Letter(f"{NONE}\n{MX}\n{PASS}\n{WHO}"),
    "our id above the server's own": Letter(f"{PASS}\n{NONE}\n{WHO}"),
    "two that contradict": Letter(f"{PASS}\n{FAIL}\n{WHO}"),
    "two that contradict, and a token": Letter(f"{PASS}\n{FAIL}\n{WHO}\n{TOKEN}"),
    "dmarc=none": Letter(f"{NONE}\n{WHO}"),
    "dmarc=fail": Letter(f"{FAIL}\n{WHO}"),
    "dmarc=fail, and a token": Letter(f"{FAIL}\n{WHO}\n{TOKEN}"),
    "dmarc=fail in a field that is spoilt, and a token": Letter(
        f"{OURS} spf=none smtp.mailfrom=a;b@evil.example; dmarc=fail header.from={{domain}}\n{WHO}\n{TOKEN}"
    ),
    "dmarc=temperror": Letter(f"{OURS} dmarc=temperror header.from={{domain}}\n{WHO}"),
    "dmarc=bestguesspass": Letter(f"{OURS} dmarc=bestguesspass header.from={{domain}}\n{WHO}"),
    "dmarc of the forger's domain": Letter(f"{EVIL}\n{WHO}"),
    "dmarc of a subdomain": Letter(f"{OURS} dmarc=pass header.from=mail.{{domain}}\n{WHO}"),
    "dmarc in a comment": Letter(f"{OURS} spf=none (dmarc=pass header.from={{domain}})\n{WHO}"),
    "dmarc in the envelope sender": Letter(
        f'{OURS} spf=none smtp.mailfrom="x; dmarc=pass header.from={{domain}}"@evil.example\n{WHO}'
    ),
    "dkim of the forger's domain": Letter(f"{OURS} dkim=pass header.d=evil.example\n{WHO}"),
    "dkim of the forger's domain, for ours": Letter(
        f"{OURS} dkim=pass header.d=evil.example header.i=@{{domain}}\n{WHO}"
    ),
    "dkim of the top": Letter(f"{OURS} dkim=pass header.d=example\n{WHO}"),
    "dkim below the domain": Letter(f"{OURS} dkim=pass header.d=mail.{{domain}}\n{WHO}"),
    "spf alone": Letter(f"{OURS} spf=pass smtp.mailfrom={{domain}}\n{WHO}\nReturn-Path: <{{who}}>"),
    "arc alone": Letter(f"{OURS} arc=pass\n{WHO}"),
    "policy alone": Letter(f"{OURS} dkim=none policy.dmarc=pass header.d={{domain}}\n{WHO}"),
    "arc's own field": Letter(f"{PASS.replace('Auth', 'ARC-Auth')}\n{WHO}"),
    "another field": Letter(f"{PASS.replace('Auth', 'X-Auth')}\n{WHO}"),
    "a verdict in the text": Letter(WHO, body=f"{{text}}\n\n{PASS}\n"),
    "a verdict in an enclosed part": Letter(
        f'{WHO}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"',
        body=f"--b\n{PASS}\nContent-Type: text/plain\n\n{{text}}\n--b--\n",
    ),
    "a signature over the beginning": Letter(f"{PASS}\n{SIGNED.replace('h=', 'l=9; h=')}\n{WHO}"),
    # A letter in a letter.
    "words before the signed ones": Letter(
        f"{PASS}\n{SIGNED}\n{WHO}", subject="[#1] x\nX: y\r\r{text}\r\r\nSubject: Hello"
    ),
    "a second subject": Letter(f"{PASS}\n{SIGNED}\n{WHO}\nSubject: [#1]"),
    "no end of the header": Letter(f"{PASS}\n{SIGNED}\n{WHO}", subject="[#1] x\n{text}\n"),
    # Whose name stands where.
    "two Froms, the forger's first": Letter(f"{EVIL}\nFrom: {EVE}\n{WHO}"),
    "two Froms, the forger's last": Letter(f"{EVIL}\n{WHO}\nFrom: {EVE}"),
    "two in one From": Letter(f"{PASS}\nFrom: {{who}}, {EVE}\nSender: {{who}}"),
    "a group": Letter(f"{PASS}\nFrom: Staff: {{who}};"),
    "a group of nobody": Letter(f"{PASS}\nFrom: {{who}}:;\nSender: {{who}}"),
    "the address as a name": Letter(f'{EVIL}\nFrom: "{{who}}" <{EVE}>'),
    "the address as a name, encoded": Letter(f"{EVIL}\nFrom: =?utf-8?q?{{local}}=40{{domain}}?= <{EVE}>"),
    "the address as a name without quotes": Letter(f"{PASS}\nFrom: {{who}} <{EVE}>"),
    "the address beside another": Letter(f"{PASS}\nFrom: <{{who}}> <{EVE}>"),
    "two addresses in one": Letter(f"{PASS}\nFrom: {{who}}<{EVE}>"),
    "the address in a comment": Letter(f"{EVIL}\nFrom: {EVE} ({{who}})"),
    "the person's name": Letter(f"{EVIL}\nFrom: {{name}} <{EVE}>"),
    "the address as a local part": Letter(f'{EVIL}\nFrom: "{{who}}"@evil.example'),
    "a route": Letter(f"{EVIL}\nFrom: <@{{domain}}:{EVE}>"),
    "a subdomain": Letter(f"{OURS} dmarc=pass header.from=mail.{{domain}}\nFrom: {{local}}@mail.{{domain}}"),
    "a longer domain": Letter(
        f"{OURS} dmarc=pass header.from={{domain}}.evil.example\nFrom: {{who}}.evil.example"
    ),
    "a look-alike": Letter(f"{OURS} dmarc=pass header.from={{domain}}\nFrom: \u0430nn@{{domain}}"),
    "a look-alike domain": Letter(
        f"{OURS} dmarc=pass header.from=str\u0430sse.example\nFrom: {{local}}@str\u0430sse.example"
    ),
    "a domain that folds to ours": Letter(
        f"{OURS} dmarc=pass header.from=straße.example\nFrom: {{local}}@straße.example"
    ),
    "a full-width domain": Letter(
        f"{OURS} dmarc=pass header.from=\uff53trasse.example\nFrom: {{local}}@\uff53trasse.example"
    ),
    "an invisible letter": Letter(f"{PASS}\nFrom: {{local}}\u200b@{{domain}}"),
    "a NUL in the address": Letter(f"{PASS}\nFrom: {{who}}\0.evil.example"),
    "Reply-To": Letter(f"{EVIL}\nFrom: {EVE}\nReply-To: {{who}}"),
    "Reply-To of a form": Letter(f"{EVIL}\nFrom: noreply@evil.example\nReply-To: {{who}}"),
    "Reply-To of a form, a verdict without a domain": Letter(
        f"{OURS} dmarc=pass\nFrom: noreply@evil.example\nReply-To: {{who}}"
    ),
    "Reply-To of a form, the token in the address": Letter(
        f"{EVIL}\nFrom: noreply@evil.example\nReply-To: {{who}}",
        to="{address}",
        trust=Trust(SERVER, subaddress="+"),
    ),
    "Sender": Letter(f"{EVIL}\nFrom: {EVE}\nSender: {{who}}"),
    "Resent-From": Letter(f"{EVIL}\nFrom: {EVE}\nResent-From: {{who}}"),
    "Return-Path": Letter(f"{EVIL}\nReturn-Path: <{{who}}>\nFrom: {EVE}"),
    "X-Original-From": Letter(f"{EVIL}\nFrom: {EVE}\nX-Original-From: {{who}}"),
    "a list's original": Letter(
        f'{EVIL}\nFrom: "{{name}} via Dev" <dev@evil.example>\nList-Id: <dev.evil.example>\nX-Original-From: {{who}}'
    ),
    # Tokens.
    "the token of another person": Letter(f"{WHO}\nIn-Reply-To: {{another}}"),
    "the token of another ticket": Letter(f"{WHO}\nReferences: {{elsewhere}} {{another}}"),
    "tokens of both, neither is right": Letter(f"{WHO}\nReferences: {{elsewhere}}\nIn-Reply-To: {{another}}"),
    "a token that was changed": Letter(f"{WHO}\nIn-Reply-To: {{changed}}"),
    "a token of a key that is gone": Letter(f"{WHO}\nIn-Reply-To: {{gone}}"),
    "a token in the text": Letter(WHO, body="{text}\n\n{token}\n"),
    "a token in another field": Letter(f"{WHO}\nX-In-Reply-To: {{token}}\nX-References: {{token}}"),
    "a token as the own id": Letter(f"{WHO}\nMessage-ID: {{token}}"),
    "a token in an enclosed letter": Letter(
        f'{WHO}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"',
        body="--b\n\n{text}\n--b\nContent-Type: message/rfc822\n\nFrom: x@y.example\nIn-Reply-To: {token}\n\nx\n--b--\n",
    ),
    "the address token of another person": Letter(
        WHO, to="{another_address}", trust=Trust(SERVER, subaddress="+")
    ),
    "an address token where the desk has none": Letter(WHO, to="{address}"),
    # Words of one that another sends.
    "a stranger who is really that stranger": Letter(f"{EVIL}\nFrom: {EVE}\n{TOKEN}"),
    "quoted": Letter(f"{PASS}\nFrom: {{who}}", body="On Friday Ann wrote:\n{quoted}\n"),
    "forwarded": Letter(
        f"{OURS} dmarc=pass header.from=evil.example\nFrom: {EVE}",
        body="---------- Forwarded message ---------\nFrom: {name} <{who}>\nSubject: x\n\n{text}\n",
    ),
}

# How it is given.
GENUINE: Mapping[str, Letter] = {
    "token": Letter(f"{WHO}\n{TOKEN}"),
    "token in References alone": Letter(
        f"{WHO}\nIn-Reply-To: <rewritten@relay.example>\nReferences: {{token}} <rewritten@relay.example>"
    ),
    "token in capitals": Letter(f"{WHO}\nIn-Reply-To: {{capitals}}"),
    "token of the key before": Letter(f"{WHO}\nIn-Reply-To: {{before}}"),
    "token in the address": Letter(WHO, to="{address}", trust=Trust(SERVER, subaddress="+")),
    "token in the address, in capitals": Letter(WHO, to="{ADDRESS}", trust=Trust(SERVER, subaddress="+")),
    "token beside one of another person": Letter(f"{WHO}\nReferences: {{another}} {{token}}"),
    "dmarc": Letter(f"{PASS}\n{WHO}"),
    "dmarc, hops known": Letter(f"{PASS}\n{MX}\n{RELAY}\n{FAIL}\n{WHO}", trust=HOPS),
    "dkim": Letter(f"{OURS} dkim=pass header.d={{domain}}\n{WHO}"),
    "dkim, beside a foreign one": Letter(
        f"{OURS} dkim=fail header.d=list.example; dkim=pass header.d={{domain}}\n{WHO}"
    ),
    "dmarc, signed": Letter(f"{PASS}\n{SIGNED}\n{WHO}"),
    "dmarc, to another, the desk in copy": Letter(
        f"{PASS}\n{WHO}\nCc: {DESK.spec}", to="mia@customer.example"
    ),
    "token, to nobody": Letter(f"{WHO}\n{TOKEN}", to="undisclosed-recipients:;"),
    "dmarc, with a name": Letter(f'{PASS}\nFrom: "Smith, {{name}}" <{{who}}>'),
}
BOTH = ("token", "token in References alone", "token in capitals", "token of the key before")


def octets(letter: Letter, order: Order, stage: Stage, name: str) -> bytes:
    """The letter, with all that it names."""
    who, other = order.who, (BEN if order.who == ANN else MIA)
    token = stage.id(order.kind, who)
    found = tokens.read(SECRET, token)
    assert found is not None
    elsewhere = stage.id("acknowledgement 2", MIA) if who == LEE else stage.id("opened 2", who)
    another = stage.id("opened 1", ANN) if who == LEE else stage.id("opened 1", other)
    theirs = tokens.read(SECRET, another)
    assert theirs is not None
    local, _, domain = DESK.spec.partition("@")
    address = f"{local}+{tokens.subaddress(SECRET, found.ticket, found.person)}@{domain}"
    values = {
        "who": who.spec,
        "name": who.name,
        "local": who.spec.partition("@")[0],
        "domain": who.domain,
        "b": name.encode().hex(),
        "text": order.text,
        "quoted": "\n".join(f"> {line}" for line in order.text.split("\n")),
        "token": token,
        "capitals": token.upper(),
        "another": another,
        "elsewhere": elsewhere,
        "changed": token.replace("mt.", "mt.1", 1),
        "gone": f"<{tokens.mint(OLD, found.ticket, found.person, 'x', domain)}>",
        "before": f"<{tokens.mint(Secret(SECRET.keys[1:]), found.ticket, found.person, 'x', domain)}>",
        "address": address,
        "ADDRESS": address.upper(),
        "another_address": f"{local}+{tokens.subaddress(SECRET, theirs.ticket, theirs.person)}@{domain}",
    }
    head = letter.head.format(**values)
    lines = [head, f"To: {letter.to.format(**values)}", f"Subject: {letter.subject.format(**values)}"]
    lines += [] if "Message-ID:" in head else [f"Message-ID: <{name.replace(' ', '-')}@letter.example>"]
    lines += [
        "Date: Fri, 20 Nov 2026 09:05:00 +0000",
        f"X-Order: {name}",
        "",
        letter.body.format(**values),
        "",
    ]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Result:
    is_executed: bool
    outcome: Outcome
    mails: list[tuple[str, str, EmailMessage]]  # because of the letter


def given(stage: Stage, letter: Letter, order: Order, name: str) -> Result:
    """What comes of a letter. `name`: no two of the same are given on one stage."""
    front = stage.front
    front.policy = replace(LIFTED, trust=letter.trust, strict=order.strict)
    before = _state(front)
    ending = front.take(octets(letter, order, stage, name))
    mails = front.mails()
    outward = [who for kind, who, _ in mails if kind in ("answer", "status") and who in (LEE.key, MIA.key)]
    return Result(_state(front) != before or bool(outward), ending.outcome, mails)


def _state(front: Front) -> list[object]:
    """All that was ever changed on the two tickets."""
    rows = select(schema.history.c.ticket, schema.history.c.field, schema.history.c.new).where(
        schema.history.c.ticket <= 2
    )
    return [tuple(row) for row in front.store.read_sync(lambda tx: tx.execute(rows).all())]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_forged_letter_is_obeyed(stage: Stage, forgery: str) -> None:
    letter = FORGERIES[forgery]
    results = {name: given(stage, letter, order, name) for name, order in ORDERS.items()}
    assert [name for name, result in results.items() if result.is_executed] == []
    assert {result.outcome for result in results.values()}.isdisjoint({Outcome.IGNORED, Outcome.HELD}) or (
        forgery == "a token as the own id"
    )
    for name, result in results.items():
        for kind, who, mail in result.mails:
            if who not in (ANN.key, BEN.key, LEE.key):
                assert not tells(mail), f"{name}: {kind} to {who} tells what only Lee may read"
            if who in (LEE.key, MIA.key):
                assert CANARY not in said(mail), f"{name}: {kind} to {who} holds what the forger wrote"


@pytest.mark.parametrize("means", GENUINE)
def test_a_genuine_letter_is_obeyed(stage: Stage, means: str) -> None:
    """Ordinary orders; each on what the last one left, so the ticket is opened again in between."""
    for name, order in ORDERS.items():
        if not order.strict:
            assert given(stage, GENUINE[means], order, name).is_executed, name
            stage.front.policy = LIFTED
            stage.front.write(BEN.spec, "Re: [#1]", "#reopen", In_Reply_To=stage.id("opened 1", BEN))
            stage.front.mails()


@pytest.mark.parametrize(
    "to", ["eve@evil.example", "undisclosed-recipients:;", "support@example.org.evil.example"]
)
@pytest.mark.parametrize("order", [name for name, order in ORDERS.items() if order.who == ANN])
def test_what_an_agent_has_written_to_others_orders_nothing_when_they_send_it_on(
    stage: Stage, order: str, to: str
) -> None:
    """Ann's own server has signed it, and says so; but it was not for the desk."""
    letter = Letter(f"{PASS}\n{WHO}\nReferences: <first-1@customer.example>", to=to)
    assert not given(stage, letter, ORDERS[order], order).is_executed


@pytest.mark.parametrize("means", BOTH)
def test_a_grave_order_needs_both_proofs(stage: Stage, means: str) -> None:
    letter, order = GENUINE[means], ORDERS["grave command"]
    assert not given(stage, letter, order, "one").is_executed
    assert given(stage, replace(letter, head=f"{PASS}\n{letter.head}"), order, "both").is_executed
