"""Whether the mail servers around the desk can be trusted, tried with two mails and told in plain words."""

from __future__ import annotations

import asyncio
import json
import secrets
import string
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mailtickets.cli.options import (
    IN_THE_WAY,
    NOT_THERE,
    USAGE,
    AsJson,
    ConfigFile,
    end,
    now,
    settings,
    unusable,
)

if TYPE_CHECKING:
    from mailtickets.cli.probes import Probe
    from mailtickets.config import MailboxSettings, Settings
    from mailtickets.core.mail import InboundMail
    from mailtickets.core.tokens import Secret
    from mailtickets.wire import Finding

FILE = "trust-probe.json"  # in the state directory: which mails are on their way
NEWEST = 300  # mails of the inbox, and letters of the ledger, among which they are looked for
PAUSE = 2.0  # seconds between two looks

HOW = """\
1. The desk has mailed itself, by way of {relay}.
2. The other mail must come from outside. It lies in {file}.
   Send it, as it is, from a machine that is none of yours, to the server that takes the world's mail for {domain}:

     curl smtp://$(dig +short mx {domain} | sort -n | awk 'NR==1 {{print $2}}') \\
       --mail-from {sender} --mail-rcpt {desk} --upload-file {name}

   or: swaks --to {desk} --from {sender} --data @{name}

Then ask again what has come of them: mailtickets check trust   (--wait 10: look for ten minutes)"""


def trust(
    sender: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="ADDRESS",
            help="An address of yours outside this desk's domain: it sends the mail from outside.",
            show_default=False,
        ),
    ] = "",
    new: Annotated[bool, typer.Option("--new", help="Begin again, with new mails.")] = False,
    wait: Annotated[int, typer.Option(min=0, metavar="MINUTES", help="Look for so long.")] = 0,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Try with two mails whether your servers let forged headers through, and keep the desk's ids.

    The first call sends one and tells how to send the other; a later one tells what has come of them.
    """
    found = settings(config, with_secrets=True)
    if trouble := unusable(found.state_dir):
        end(IN_THE_WAY, trouble)
    secret = _secret(found)
    known = None if new else _begun(found)
    if known is None:
        known = _begin(found, sender, secret, as_json=as_json)
        if not wait:
            return
    _tell(found, known, secret, wait, as_json=as_json)


def _secret(found: Settings) -> Secret:
    from mailtickets import config

    try:
        return config.secrets(found)
    except (config.ConfigError, OSError) as error:
        end(IN_THE_WAY, str(error))


# To begin


def _begun(found: Settings) -> Probe | None:
    from mailtickets.cli.probes import Probe
    from mailtickets.core.mail import Address

    try:
        kept: Mapping[str, str] = json.loads((found.state_dir / FILE).read_text())
        return Probe(kept["code"], datetime.fromisoformat(kept["began"]), Address(kept["from"]))
    except (OSError, ValueError, KeyError):
        return None


def _begin(found: Settings, sender: str, secret: Secret, *, as_json: bool) -> Probe:
    from mailtickets.cli import probes
    from mailtickets.core.mail import Address
    from mailtickets.core.reading import addresses

    desk = found.mailboxes[0].address
    if not (sender.isascii() and addresses.is_spec(sender)) or Address(sender).domain == desk.domain:
        end(
            USAGE,
            "Say which address of yours, outside this desk's domain, sends the mail from outside: "
            "mailtickets check trust --from you@elsewhere.example",
        )
    code = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(10))
    probe = probes.Probe(code, now().replace(microsecond=0), Address(sender))
    # Without a name of the server's own, that of its inbox may be it.
    name = found.policy.trust.authserv_id or found.mailboxes[0].imap.host
    file = found.state_dir / f"probe-{code}.eml"
    file.write_bytes(probes.outside(probe, secret, desk, name))
    if trouble := asyncio.run(_send(found, probes.inside(probe, secret, desk))):
        end(NOT_THERE, f"The relay does not take the desk's mail to itself. {trouble}")
    kept = {"code": code, "began": probe.began_at.isoformat(), "from": sender}
    (found.state_dir / FILE).write_text(json.dumps(kept))
    how = HOW.format(
        relay=f"{found.smtp.host}:{found.smtp.port}",
        file=file,
        name=file.name,
        domain=desk.domain,
        desk=desk.spec,
        sender=sender,
    )
    print(json.dumps({"code": code, "file": str(file)}) if as_json else how)
    return probe


async def _send(found: Settings, octets: bytes) -> str:
    """Why the relay has not taken it, "" if it has."""
    from mailtickets.core.retry import Sent
    from mailtickets.oauth import Keyring
    from mailtickets.smtp import Courier

    desk = found.mailboxes[0].address
    courier = Courier(found.smtp, tokens=Keyring(found.state_dir).of(found.smtp.oauth2))
    try:
        result = await courier.send(desk, desk.spec, octets)
    finally:
        await courier.close()
    return "" if isinstance(result, Sent) else result.text


# To look


def _tell(found: Settings, probe: Probe, secret: Secret, wait: int, *, as_json: bool) -> None:
    from mailtickets.cli.check import report

    until = time.monotonic() + wait * 60
    findings: tuple[Finding, ...] = ()
    while True:
        arrived = _arrived(found, probe)
        findings = tuple(_findings(found, probe, secret, arrived))
        if len(arrived) == 2 or time.monotonic() >= until:
            break
        time.sleep(PAUSE)
    if len(arrived) == 2:
        (found.state_dir / FILE).unlink(missing_ok=True)
        (found.state_dir / f"probe-{probe.code}.eml").unlink(missing_ok=True)
    report(findings, as_json=as_json, well="Your mail servers can be trusted.")


def _findings(
    found: Settings, probe: Probe, secret: Secret, arrived: Mapping[str, InboundMail]
) -> Iterator[Finding]:
    from mailtickets.cli import probes
    from mailtickets.wire import Finding, State

    box = found.mailboxes[0].address
    if mail := arrived.get(probes.INSIDE):
        yield probes.of_inside(probe, mail, secret, box)
    else:
        text = f"The desk's mail to itself has not come yet. It went to {box.spec}; the relay's log tells where it is."
        yield Finding("relay", State.FAIL, text)
    if mail := arrived.get(probes.OUTSIDE):
        yield from probes.of_outside(probe, mail, found.policy.trust)
    else:
        file = found.state_dir / f"probe-{probe.code}.eml"
        text = f"The mail from outside has not come yet. Send {file}, wait a little, and ask again; or begin again with --new."
        yield Finding("outside", State.FAIL, text)


def _arrived(found: Settings, probe: Probe) -> dict[str, InboundMail]:
    """Those that have come, by where they came from: out of the ledger, else out of the inbox."""
    from mailtickets.cli import probes
    from mailtickets.core import reading

    there: dict[str, InboundMail] = {}
    for octets in (
        *_in_ledger(found, probe.code),
        *asyncio.run(_in_inbox(found.mailboxes[0], found, probe.code)),
    ):
        mail = reading.read(octets)
        for where in (probes.INSIDE, probes.OUTSIDE):
            if mail.subject == probe.subject(where):
                there.setdefault(where, mail)
    return there


def _in_ledger(found: Settings, code: str) -> list[bytes]:
    """What a desk that runs has taken in already, and perhaps moved away."""
    from mailtickets.store import engine, views

    try:
        if engine.revision_state(found.database_url) != "current":
            return []
    except (engine.Away, PermissionError):
        return []
    store = engine.Store.open(found.database_url, found.blobs, read_only=True)
    try:
        rows = store.read_sync(views.ledger_rows, "", None, NEWEST)
        letters = (store.read_sync(views.letter, store.blobs, row.id) for row in rows if code in row.subject)
        return [letter.octets for letter in letters if letter and letter.octets]
    finally:
        store.close_sync()


async def _in_inbox(box: MailboxSettings, found: Settings, code: str) -> list[bytes]:
    """What lies there; looked at without a mark."""
    from mailtickets import imap
    from mailtickets.oauth import Keyring

    inbox = imap.Inbox(
        box, found.policy.limits.mail_size, tokens=Keyring(found.state_dir).of(box.imap.oauth2)
    )
    try:
        await inbox.connect(read_only=True)
        uids = (await inbox.uids())[-NEWEST:]
        return [
            raw.octets
            async for raws in inbox.fetch(uids)
            for raw in raws
            if code.encode() in raw.octets[:16_384]
        ]
    except imap.LinkDown as down:
        end(NOT_THERE, f"The inbox cannot be read. {down.reason}")
    finally:
        await inbox.close()
