"""A first config that works: asked for on a terminal, or given as options."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from mailtickets.cli.options import NOT_THERE, USAGE, ConfigFile, end

PLACEHOLDER = "support@example.org"
SERVICE_FOLDER = Path("/etc/mailtickets")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a first config says; "" and 0 are left out of it."""

    preset: str
    name: str
    address: str
    admin: str
    admin_name: str
    url: str
    listen: str
    authserv_id: str
    timezone: str
    imap: Server
    smtp: Server


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    tls: str
    user: str
    password_file: str


def init(
    config: ConfigFile = None,
    preset: Annotated[str, typer.Option(help="Which ready desk to start from.")] = "simple",
    name: Annotated[str, typer.Option(help="What the desk is called.")] = "",
    address: Annotated[str, typer.Option(help="The address that customers write to.")] = "",
    admin: Annotated[str, typer.Option(help="Your own address: you are the first agent.")] = "",
    admin_name: Annotated[str, typer.Option(help="Your name.")] = "",
    imap_host: Annotated[str, typer.Option(help="Where the inbox lies.")] = "",
    imap_port: Annotated[int, typer.Option(help="Default: 993, or 143 without TLS.", show_default=False)] = 0,
    imap_tls: Annotated[str, typer.Option(help="implicit, or none on this machine.")] = "",
    imap_user: Annotated[str, typer.Option(help="Default: the address.")] = "",
    imap_password_file: Annotated[str, typer.Option(help="Default: imap-password.")] = "",
    smtp_host: Annotated[str, typer.Option(help="Where mail goes out.")] = "",
    smtp_port: Annotated[
        int, typer.Option(help="Default: 465, 587 for starttls, 25 without TLS.", show_default=False)
    ] = 0,
    smtp_tls: Annotated[str, typer.Option(help="implicit, starttls, or none on this machine.")] = "",
    smtp_user: Annotated[str, typer.Option(help="Default: the IMAP user; none without TLS.")] = "",
    smtp_password_file: Annotated[str, typer.Option(help="Default: smtp-password.")] = "",
    url: Annotated[str, typer.Option(help="Where people reach the page.")] = "",
    listen: Annotated[str, typer.Option(help="Where the page listens.")] = "",
    authserv_id: Annotated[str, typer.Option(help="Whose Authentication-Results to believe.")] = "",
    timezone: Annotated[str, typer.Option(help="Time zone of the desk, like Europe/Paris.")] = "",
) -> None:
    """Write a config. Asks on a terminal if no option is given; never overwrites."""
    path = config or Path("config.toml")
    if path.exists():
        end(NOT_THERE, f"{path} is there already and stays as it is. Name another with --config FILE.")
    given = Answers(
        preset=preset,
        name=name,
        address=address,
        admin=admin,
        admin_name=admin_name,
        url=url,
        listen=listen,
        authserv_id=authserv_id,
        timezone=timezone,
        imap=Server(imap_host, imap_port, imap_tls, imap_user, imap_password_file),
        smtp=Server(smtp_host, smtp_port, smtp_tls, smtp_user, smtp_password_file),
    )
    is_talk = not _is_answered(given) and sys.stdin.isatty()
    answers = _filled(_asked(given) if is_talk else given)
    _write(path, text(answers, path))
    if is_talk:
        _ask_passwords(path.parent, answers)
    print(_next_steps(path, answers))


def _is_answered(given: Answers) -> bool:
    """Whether anything but the preset was given."""
    nothing = Server("", 0, "", "", "")
    return given != Answers(given.preset, "", "", "", "", "", "", "", "", nothing, nothing)


def _asked(given: Answers) -> Answers:
    """The few things that nobody can guess."""
    ask: Callable[..., str] = typer.prompt
    address = ask("Which address do customers write to?")
    domain = address.rpartition("@")[2]
    imap_host = ask("Where does its inbox lie (IMAP)?", default=f"imap.{domain}")
    user = ask("Who logs in there?", default=address)
    smtp_host = ask("Where does mail go out (SMTP)?", default=f"smtp.{domain}")
    smtp_user = ask("Who logs in there?", default=user)
    return replace(
        given,
        address=address,
        name=ask("What is the desk called?", default="Support"),
        admin=ask("Your own address (you are the first agent)?"),
        admin_name=ask("Your name?", default="", show_default=False),
        imap=replace(given.imap, host=imap_host, user=user),
        smtp=replace(given.smtp, host=smtp_host, user=smtp_user),
    )


def _filled(given: Answers) -> Answers:
    """What was not said, as it mostly is."""
    address = given.address or PLACEHOLDER
    domain = address.rpartition("@")[2]
    imap = replace(
        given.imap,
        host=given.imap.host or f"imap.{domain}",
        user=given.imap.user or address,
        password_file=given.imap.password_file or "imap-password",
    )
    smtp = replace(given.smtp, host=given.smtp.host or f"smtp.{domain}")
    # A relay without TLS is one on this machine, which asks for no login.
    smtp = replace(smtp, user=smtp.user or ("" if smtp.tls == "none" else imap.user))
    if smtp.user:
        smtp = replace(smtp, password_file=smtp.password_file or "smtp-password")
    return replace(
        given,
        address=address,
        name=given.name or "Support",
        admin=given.admin or f"you@{domain}",
        imap=imap,
        smtp=smtp,
    )


def text(answers: Answers, path: Path) -> str:
    """The file. Keys that say no more than the default are left out."""
    state = "/var/lib/mailtickets" if path.absolute().parent == SERVICE_FOLDER else "./state"
    desk = _lines(
        name=answers.name,
        public_url=answers.url,
        state_dir=state,
        preset=answers.preset,
        timezone=answers.timezone,
    )
    agent = _lines(address=answers.admin, name=answers.admin_name, role="admin")
    parts = [
        "# Written by “mailtickets init”. Test it with “mailtickets check”.\n"
        "# Every other key, with its default, stands in config.example.toml.\n",
        f"[desk]\n{desk}",
        f"[[mailbox]]\n{_lines(address=answers.address)}",
        f"[mailbox.imap]\n{_server(answers.imap)}",
        f"[smtp]\n{_server(answers.smtp)}",
        "# Whom to believe: the name that your own mail server writes into Authentication-Results.\n"
        f"[trust]\nauthserv_id = {_toml(answers.authserv_id)}\n",
        f"[[agent]]\n{agent}",
    ]
    if page := _page(answers):
        parts.append(f"[web]\n{page}")
    return "\n".join(parts)


def _page(answers: Answers) -> str:
    """Where https is spoken, it is spoken by a web server in front: on this machine, if the page listens only there."""
    page = _lines(listen=answers.listen)
    is_here = not answers.listen or answers.listen.startswith(("127.", "localhost:"))
    if answers.url.startswith("https://") and is_here:
        page += 'trusted_proxies = ["127.0.0.1"]\n'
    return page


def _server(server: Server) -> str:
    return _lines(
        host=server.host,
        port=server.port,
        tls=server.tls,
        user=server.user,
        password_file=server.password_file,
    )


def _lines(**keys: str | int) -> str:
    return "".join(f"{key} = {_toml(value)}\n" for key, value in keys.items() if value)


def _toml(value: str | int) -> str:
    # A JSON string of printable text is a TOML basic string.
    return json.dumps(value, ensure_ascii=False)


def _write(path: Path, content: str) -> None:
    """The whole file or none; exit 2 if an answer cannot be, 1 if there is no room for it."""
    from mailtickets import config

    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(content, "utf-8")
        config.load(draft, with_secrets=False)
        # A link, not a rename: it never overwrites.
        os.link(draft, path)
    except config.ConfigError as error:
        end(USAGE, f"Nothing was written.\n{error}")
    except OSError as error:
        end(NOT_THERE, f"{path} cannot be written ({error.strerror}).")
    finally:
        draft.unlink(missing_ok=True)


def _ask_passwords(folder: Path, answers: Answers) -> None:
    for server, what in ((answers.imap, "IMAP"), (answers.smtp, "SMTP")):
        path = folder / server.password_file
        if not server.password_file or path.exists():
            continue
        password = typer.prompt(
            f"{what} password of {server.user} (Enter: later)",
            default="",
            hide_input=True,
            show_default=False,
        )
        if password:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(f"{password}\n")


def _next_steps(path: Path, answers: Answers) -> str:
    servers = (answers.imap, answers.smtp)
    wanted = dict.fromkeys(path.parent / s.password_file for s in servers if s.password_file)
    missing = [str(file) for file in wanted if not file.exists()]
    steps = [f"{path} is written."]
    if answers.address == PLACEHOLDER or answers.admin.startswith("you@"):
        steps.append("Put your own addresses and servers into it.")
    if missing:
        steps.append(f"Put the passwords into {' and '.join(missing)} (mode 0600).")
    steps.append(f"Then test it: mailtickets check --config {path}")
    return "\n".join(steps)
