"""`mailtickets read`: what the desk makes of mails, without a config."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "corpus"
KEYS = {
    *("file", "subject", "from", "from_name", "from_defects", "text", "reply", "segments", "kind", "why"),
    *("is_auto", "is_bounce", "bounced", "about", "status", "diagnostic", "means", "is_permanent", "returns"),
    *("forwarded_from", "language", "attachments", "files", "defects", "error"),
}


def read(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from mailtickets.cli import main; main()", "read", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_one_json_object_a_line_in_the_order_of_the_files() -> None:
    files = sorted(CORPUS.glob("*.eml"))
    done = read("--json", *files)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [row["file"] for row in rows] == [str(file) for file in files]
    assert all(set(row) == KEYS for row in rows)


def test_what_a_machine_wrote_and_which_address_failed() -> None:
    files = [
        CORPUS / f"{name}.eml" for name in ("bounce-qmail", "bounce-delivered", "mailing-list", "reply-gmail")
    ]
    qmail, delivered, listed, reply = (
        json.loads(line) for line in read("--json", *files).stdout.splitlines()
    )
    assert (qmail["kind"], qmail["is_auto"], qmail["is_bounce"]) == ("bounce", True, True)
    assert qmail["bounced"] == ["lee@customer.example"]
    assert (qmail["means"], qmail["is_permanent"]) == ("There is no mailbox of that name.", True)
    assert (delivered["is_auto"], delivered["is_bounce"], delivered["bounced"]) == (True, False, [])
    assert (listed["kind"], listed["is_auto"]) == ("list", False)
    assert (reply["kind"], reply["reply"], reply["from"]) == (
        "person",
        "Yes, it works now.",
        "lee@customer.example",
    )


def test_a_file_that_cannot_be_read_is_said_and_the_others_go_on(tmp_path: Path) -> None:
    done = read("--json", tmp_path / "none.eml", CORPUS / "vacation.eml")
    gone, vacation = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 1
    assert gone["error"].endswith("cannot be opened: No such file or directory.")
    assert vacation["error"] is None
    assert set(gone) == KEYS


def test_all_that_was_read_is_said() -> None:
    names = ("two-froms", "attachment-rfc2231", "reply-russian")
    two, attachment, russian = (
        json.loads(line)
        for line in read("--json", *(CORPUS / f"{name}.eml" for name in names)).stdout.splitlines()
    )
    assert two["from_defects"] == ["two From headers"]
    assert [file["name"] for file in attachment["files"]] == attachment["attachments"]
    assert [segment["kind"] for segment in russian["segments"]][:2] == ["typed", "quote"]
    assert "\n".join(segment["text"] for segment in russian["segments"]) == russian["text"]


def test_octets_that_are_no_letter_are_an_error_or_text_and_never_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "headers").write_bytes(b"X: y\n" * 2000)
    done = read("--json", *(tmp_path / name for name in ("folder", "empty", "noise", "headers")))
    folder, empty, noise, headers = (json.loads(line) for line in done.stdout.splitlines())
    assert "Traceback" not in done.stderr
    assert folder["error"].endswith("cannot be opened: Is a directory.")
    assert (empty["error"], noise["error"]) == (None, None)
    assert headers["error"] == "The mail has more than 1,000 header lines."


def test_until_when_somebody_is_away_and_whose_letter_was_handed_on() -> None:
    files = (CORPUS / "vacation-day.eml", CORPUS / "forward-outlook.eml")
    away, handed_on = (json.loads(line) for line in read("--json", *files).stdout.splitlines())
    assert (away["kind"], away["returns"]) == ("vacation", "2026-12-07")
    assert handed_on["forwarded_from"] == ["kim@customer.example"]


def test_for_a_person_it_is_a_few_lines() -> None:
    done = read(CORPUS / "attachment-path.eml")
    assert done.stdout.splitlines()[1:] == [
        *(
            "  From: lee@customer.example",
            "  Subject: path",
            "  Kind: person",
            "  Files: x, _con",
            "  | Hello",
            "",
        ),
    ]
