"""OpenPGP signatures on letters: which of them prove their sender, and what is read of such a letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mailtickets.core import identity, openpgp, reading
from mailtickets.core.authority import Proof, proof
from mailtickets.core.identity import Trust
from mailtickets.core.mail import InboundMail
from mailtickets.core.openpgp import Pinned
from mailtickets.core.reading import ReadingLimits, seals
from mailtickets.core.tokens import Token
from tests.openpgp import Gnupg, head, missing, owner, part, signed, wrapped

ANN, EVE = owner("ann@example.org"), owner("eve@evil.example")
OWN = frozenset({"support@example.org"})
PINNED = Pinned({ANN.address: openpgp.key(ANN.public)}, OWN)
FIELDS = "From: Ann <ann@example.org>\r\nTo: support@example.org\r\nSubject: [#1] Printer\r\n"
HEAD = head("Ann <ann@example.org>")


def read(octets: bytes, pinned: Pinned = PINNED) -> InboundMail:
    return reading.read(octets, ReadingLimits(), pinned)


def evidence(octets: bytes, pinned: Pinned = PINNED, tokens: tuple[Token, ...] = ()) -> identity.Evidence:
    return identity.evidence(read(octets, pinned), Trust(), tokens)


def test_a_letter_signed_by_the_pinned_key_proves_its_sender() -> None:
    found = evidence(signed(ANN, HEAD, "#close"))
    assert found.signed == ANN.fingerprint
    assert proof(found, person=7, ticket=3) is Proof.AUTHENTICATED


def test_with_a_token_or_with_signed_fields_it_is_the_strongest_proof_there_is() -> None:
    by_token = evidence(signed(ANN, HEAD, "#close"), tokens=(Token(3, 7, "n"),))
    assert proof(by_token, person=7, ticket=3) is Proof.BOTH
    assert proof(by_token, person=7, ticket=4) is Proof.AUTHENTICATED
    by_fields = evidence(signed(ANN, HEAD, "#close", FIELDS))
    assert by_fields.is_bound
    assert proof(by_fields, person=7, ticket=3) is Proof.BOTH


@pytest.mark.parametrize("pinned", [Pinned(), Pinned({EVE.address: openpgp.key(EVE.public)}, OWN)])
def test_who_has_no_key_here_is_proven_by_none(pinned: Pinned) -> None:
    mail = read(signed(ANN, HEAD, "#close"), pinned)
    assert mail.seal is None
    assert mail.typed == "#close"


SIGNATURE = ANN.over(part("#close"))
# What is not the pinned key's signature over all that a reader sees. The second of a pair: whether it speaks against.
NOTHING: dict[str, tuple[bytes, bool]] = {
    "a stranger's key": (signed(EVE, HEAD, "#close"), False),
    "a stranger's From": (signed(ANN, head("eve@evil.example"), "#close"), False),
    "two Froms": (signed(ANN, f"From: eve@evil.example\r\n{HEAD}", "#close"), True),
    "other words": (wrapped(HEAD, part("#delete"), SIGNATURE), True),
    "a word more": (wrapped(HEAD, part("#close\r\n#delete"), SIGNATURE), True),
    "a part beside it": (wrapped(HEAD, part("#close"), SIGNATURE, part("#delete")), False),
    "a part before it": (
        wrapped(HEAD, part("#delete"), b"", part("#close")),
        False,
    ),
    "no signature": (wrapped(HEAD, part("#close"), b""), False),
    "no armour": (wrapped(HEAD, part("#close"), b"hello"), False),
    "half a signature": (wrapped(HEAD, part("#close"), SIGNATURE[: len(SIGNATURE) // 2]), False),
    "too long a one": (wrapped(HEAD, part("#close"), SIGNATURE + b"x" * 20_000), False),
    "inside another letter": (
        f"{HEAD}Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n".encode()
        + signed(ANN, "", "#close")
        + b"\r\n--out\r\n\r\n#delete\r\n--out--\r\n",
        False,
    ),
    "attached": (
        f"{HEAD}Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n\r\n#delete\r\n--out\r\n"
        "Content-Type: message/rfc822\r\n\r\n".encode()
        + signed(ANN, HEAD, "#close")
        + b"\r\n--out--\r\n",
        False,
    ),
    "words above a signed text": (f"{HEAD}\r\n#delete\r\n{ANN.clear('#close')}".encode(), False),
    "words below it": (f"{HEAD}\r\n{ANN.clear('#close')}#delete\r\n".encode(), False),
    "two signed texts": (f"{HEAD}\r\n{ANN.clear('#close')}{ANN.clear('#delete')}".encode(), True),
    "a signed text, changed": (
        f"{HEAD}\r\n{ANN.clear('#close').replace('#close', '#delete')}".encode(),
        True,
    ),
    "to somebody else": (signed(ANN, HEAD, "Yes, do that."), False),
    "to somebody else, in line": (f"{HEAD}\r\n{ANN.clear('Yes, do that.')}".encode(), False),
    "signed for another address": (
        signed(ANN, HEAD, "#close", FIELDS.replace("support@", "friends@")),
        False,
    ),
    "signed with another subject": (signed(ANN, HEAD, "#close", FIELDS.replace("#1", "#2")), False),
    "signed as somebody else": (signed(ANN, HEAD, "#close", FIELDS.replace("ann@", "bob@")), False),
}


@pytest.mark.parametrize("letter", NOTHING)
def test_anything_less_proves_nothing(letter: str) -> None:
    octets, is_against = NOTHING[letter]
    found = evidence(octets)
    assert found.signed == ""
    assert found.is_contrary == is_against
    assert proof(found, person=7, ticket=3) is (Proof.CONTRARY if is_against else Proof.NONE)


@pytest.mark.parametrize("letter", ["other words", "a signed text, changed"])
def test_without_the_check_such_a_letter_would_be_believed(
    letter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: whoever takes the sum away sees these tests fail."""
    taken = openpgp.Signed(ANN.fingerprint, PINNED_AT, "0" * 64)
    monkeypatch.setattr(openpgp, "detached", lambda *_: taken)
    monkeypatch.setattr(openpgp, "clear", lambda octets, _: (taken, octets))
    assert evidence(NOTHING[letter][0]).signed


PINNED_AT = openpgp.detached(b"x", ANN.over(b"x"), openpgp.key(ANN.public)).made_at  # type: ignore[union-attr]


def test_fields_that_were_not_signed_bind_a_letter_to_no_ticket() -> None:
    reply = head("Ann <ann@example.org>", more="In-Reply-To: <x@example.org>\r\n")
    found = evidence(signed(ANN, reply, "#close", FIELDS))
    assert found.signed
    assert not found.is_bound
    with_it = evidence(signed(ANN, reply, "#close", f"{FIELDS}In-Reply-To: <x@example.org>\r\n"))
    assert with_it.is_bound


def test_what_was_typed_is_what_was_signed() -> None:
    clear = ANN.clear("- Grüße\n#close")
    mail = read(f"{HEAD}Content-Type: text/plain; charset=utf-8\r\n\r\n{clear}".encode())
    assert mail.typed == "- Grüße\n#close"
    mail = read(signed(ANN, HEAD, "- Grüße\r\n#close"))
    assert (mail.typed, mail.attachments) == ("- Grüße\n#close", ())
    assert mail.subject == "[#1] Printer"


HIDING = "-----BEGIN PGP SIGNED MESSAGE-----\n" + "".join(f"Hash: SHA512,x{n}\n#delete\n" for n in range(12))


def test_words_hidden_among_the_armours_headers_are_not_read() -> None:
    clear = ANN.clear("#close").replace("-----BEGIN PGP SIGNED MESSAGE-----\n", HIDING)
    assert "#delete" in clear
    mail = read(f"{HEAD}\r\n{clear}".encode())
    assert mail.seal is not None
    assert (mail.seal.doubt, mail.typed) == ("", "#close")


def test_line_ends_are_those_of_rfc_3156_however_the_letter_is_kept() -> None:
    assert evidence(signed(ANN, HEAD, "#close").replace(b"\r\n", b"\n")).signed


def test_the_same_signature_is_known_again_in_another_wrapping() -> None:
    one = read(signed(ANN, HEAD, "#close")).seal
    octets = part("#close")
    signature = ANN.over(octets)
    first = read(wrapped(HEAD, octets, signature)).seal
    again = read(
        wrapped(head("ann@example.org", subject="[#2]"), octets.replace(b"\r\n", b"\n"), signature)
    ).seal
    assert first is not None
    assert again is not None
    assert one is not None
    assert first.digest == again.digest


def test_an_attachment_can_be_fetched_by_its_number_all_the_same() -> None:
    both = (
        b"Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\nContent-Type: text/plain\r\n\r\n#close\r\n"
        b"--in\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n1;2\r\n--in--\r\n"
    )
    octets = wrapped(HEAD, both, ANN.over(both))
    assert [file.name for file in read(octets).attachments] == ["a.csv"]
    assert reading.attachment(octets, 0).strip() == b"1;2"


# Keys.


@pytest.fixture
def gpg() -> Iterator[Callable[..., bytes]]:
    if why := missing():
        pytest.skip(why)
    with Gnupg() as gnupg:
        yield gnupg.run


def test_what_gnupg_has_signed_counts(gpg: Callable[..., bytes]) -> None:
    gpg("--quick-gen-key", "ann@example.org", "ed25519", "sign", "never")
    pinned = Pinned({"ann@example.org": openpgp.key(gpg("--armor", "--export"))}, OWN)
    octets = part("#close ")
    for mode in ("--textmode", "--no-textmode"):
        signature = gpg("--armor", "--detach-sign", mode, given=octets)
        assert evidence(wrapped(HEAD, octets, signature), pinned).signed
    clear = gpg("--clear-sign", given="Grüße\n#close\n-- \nAnn\n".encode()).decode()
    mail = read(f"{HEAD}Content-Type: text/plain; charset=utf-8\r\n\r\n{clear}".encode(), pinned)
    assert mail.seal is not None
    assert not mail.seal.doubt
    assert mail.typed.strip() == "Grüße\n#close"


def test_a_weak_hash_and_a_key_that_was_expired_or_revoked_prove_nothing(gpg: Callable[..., bytes]) -> None:
    gpg("--quick-gen-key", "ann@example.org", "rsa2048", "sign", "never")
    pinned = Pinned({"ann@example.org": openpgp.key(gpg("--armor", "--export"))}, OWN)
    octets = part("#close")
    weak = gpg("--armor", "--digest-algo", "SHA1", "--detach-sign", given=octets)
    found = evidence(wrapped(HEAD, octets, weak), pinned)
    assert (found.signed, found.contrary, found.doubt) == ("", "", seals.NOT_GOOD)

    revoked = ANN.cert.revoke(ANN.private.certifier())
    key = openpgp.key(bytes(ANN.cert) + bytes(revoked))
    assert key.is_revoked
    found = evidence(signed(ANN, HEAD, "#close"), Pinned({ANN.address: key}, OWN))
    assert (found.signed, found.contrary, found.doubt) == ("", "", seals.NOT_GOOD)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "no OpenPGP key"),
        (b"hello", "no OpenPGP key"),
        (SIGNATURE, "no OpenPGP key"),
        (bytes(ANN.cert) + bytes(EVE.cert), "several keys"),
        (str(ANN.private).encode(), "private key"),
        (bytes(ANN.private), "private key"),
        (b"x" * (openpgp.LONGEST_KEY + 1), "too big"),
    ],
)
def test_what_is_no_public_key_is_said_to_be_none(octets: bytes, why: str) -> None:
    with pytest.raises(openpgp.NoKey, match=why):
        openpgp.key(octets)


def test_a_fingerprint_may_be_written_as_programs_show_it() -> None:
    blocks = " ".join(ANN.fingerprint[n : n + 4] for n in range(0, 40, 4)).lower()
    assert openpgp.fingerprint(blocks) == openpgp.fingerprint(f"0x{ANN.fingerprint}") == ANN.fingerprint
    with pytest.raises(ValueError, match="40 digits"):
        openpgp.fingerprint(ANN.fingerprint[-16:])  # short ids can be made to collide
