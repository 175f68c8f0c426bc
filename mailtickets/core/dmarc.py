"""Whether a sender's domain asks that mail which it has not signed be refused (DMARC, RFC 7489).

The law: a domain that is still trying, or whose wish cannot be read, asks for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

FURTHEST = 4  # names asked about one domain
_STRICT = frozenset({"reject", "quarantine"})


def names(domain: str) -> tuple[str, ...]:
    """Where the wish of a domain is published: at the domain, else above it.

    Without a list of public suffixes all that stands between the domain and its last two labels is asked, nearest first.
    """
    labels = domain.split(".")
    ends = [labels[start:] for start in range(max(1, len(labels) - 1))]
    nearest, furthest = ends[:1], ends[1:][-(FURTHEST - 1) :]
    return tuple(f"_dmarc.{'.'.join(end)}" for end in (*nearest, *furthest))


def wish(records: Sequence[str], *, is_above: bool) -> str | None:
    """What the text records of a name ask for: "reject", "quarantine" or ""; None if they are no wish at all.

    `is_above`: they stand above the sender's domain, so what is said of subdomains counts.
    """
    found = [record for record in records if record.partition(";")[0].replace(" ", "") == "v=DMARC1"]
    if not found:
        return None
    if len(found) > 1:
        return ""  # RFC 7489 section 6.6.3: then there is none
    tags = _tags(found[0])
    is_trying = tags.get("pct", "100") != "100" or tags.get("t") == "y"
    asked = tags.get("sp", tags.get("p", "")) if is_above else tags.get("p", "")
    return asked if asked in _STRICT and not is_trying else ""


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.lower().split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}
