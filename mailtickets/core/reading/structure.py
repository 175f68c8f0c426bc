"""How mail programs mark, in HTML, what is not the sender's: by class, id or name. Tables only.

A new program is a word in one of these tables; what they mean is in `html`. Names are in lower case, without the
prefixes that programs put before the names in a letter that they quote.
"""

from __future__ import annotations

import re

# "x_gmail_quote" (Outlook), "yiv0123gmail_quote", "ydp1a2b3c4dsignature" (Yahoo), "m_-123gmail_quote" (Gmail).
PREFIX = re.compile(r"^(?:x_|yiv\d{3,}_?|ydp[0-9a-f]{6,8}_?|m_-?\d{6,}_?)+")

# What they put around what they quote.
QUOTES = frozenset(
    (
        *(
            "gmail_quote",
            "gmail_quote_container",
            "gmail_attr",
            "yahoo_quoted",
            "yahooquoted",
            "yahoo_quoted_begin",
        ),
        *(
            "protonmail_quote",
            "tutanota_quote",
            "zmail_extra",
            "zmail_extra_hr",
            "blockquote_zmail",
            "email_quote",
        ),
        *(
            "moz-cite-prefix",
            "moz-forward-container",
            "moz-email-headers-table",
            "history_container",
            "xam_msg_class",
        ),
        *("ms-outlook-ios-reference-expand", "ms-outlook-mobile-reference-message", "messagereplysection"),
        *("mail-editor-reference-message-container", "reply-intro", "origbody", "quotedtext", "quoted-text"),
        *("divrplyfwdmsg", "outlookmessageheader", "isreplycontent", "sh-quoted-content", "front-blockquote"),
        *(
            "missive_quote",
            "airmail_on",
            "clean_bq",
            "freshdesk_quote",
            "zendesk_quote",
            "hs_reply",
            "cm_quote",
        ),
        *(
            "mailcontainer-quote",
            "mailbird_quote",
            "reply-separator",
            "replyseparator",
            "quoted_msg",
            "js-quoted-text",
        ),
        *(
            "mobile_quote",
            "nylas-quote",
            "polymail-quote",
            "bloop_original_html",
            "mcntext-quote",
            "wt_quote",
        ),
    )
)
# From these on all that follows is the other letter.
QUOTES_TO_END = frozenset(
    (
        *("divrplyfwdmsg", "appendonsend", "stopspelling", "outlookmessageheader", "zwchr", "ymailnoaction"),
        *("mail-editor-reference-message-container", "reply-intro", "replyforwardmessage"),
    )
)
SIGNATURES = frozenset(
    (
        *(
            "gmail_signature",
            "gmail_signature_prefix",
            "moz-signature",
            "protonmail_signature_block",
            "signature",
        ),
        *(
            "ms-outlook-mobile-signature",
            "ms-outlook-ios-signature",
            "applemailsignature",
            "apple-mail-signature",
        ),
        *(
            "composer_signature",
            "messagesignaturesection",
            "yahoo-signature",
            "zm-_id_-sgn",
            "front-signature",
        ),
        *(
            "bloop_sign",
            "mb-signature",
            "mobile-signature",
            "signature_old",
            "tutanota_signature",
            "hey-signature",
        ),
        *("email-signature", "mail_signature", "mailsignature", "samsung_signature", "_mailsignature"),
    )
)
# Outlook on the desktop has no name for it, but a line above "From:" that it always draws alike.
SEPARATOR = re.compile(
    r"border:\s*none;\s*border-top:\s*solid\s+(?:#?[0-9a-f]{6}|windowtext)\s+1\.0pt;\s*padding:\s*3\.0pt",
    re.IGNORECASE,
)

# What a page must hold to have a quote that its program marked: a look at the octets costs less than the layout.
TRACES = tuple(
    trace.encode()
    for trace in (*sorted(QUOTES | QUOTES_TO_END), "blockquote", "tabindex", "border-top", 'name="quote"')
)

# Nobody sees it: preview lines, text for filters, what is there for other programs.
HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d])|"
    r"(?<![\w\-])max-height\s*:\s*0(?![.\d])|(?<![\w\-])opacity\s*:\s*0(?:\.0+)?\s*(?:!important\s*)?(?:;|$)|"
    r"(?<![\w\-])color\s*:\s*transparent|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{4,}",
    re.IGNORECASE,
)
# No height, or no width; with what is beyond it cut off there is nothing to see.
FLAT = re.compile(
    r"(?<![\w\-])(?:height|width)\s*:\s*0(?:px|pt|em|%)?\s*(?:!important\s*)?(?:;|$)", re.IGNORECASE
)
CUT_OFF = re.compile(r"overflow\s*:\s*hidden", re.IGNORECASE)
INK = re.compile(r"(?<![\w\-])color\s*:\s*(#[0-9a-f]{3,6}|[a-z]{3,20}|rgb\([\d,\s]{5,20}\))", re.IGNORECASE)
PAPER = re.compile(
    r"background(?:-color)?\s*:\s*(#[0-9a-f]{3,6}|[a-z]{3,20}|rgb\([\d,\s]{5,20}\))\s*(?:;|!|$)",
    re.IGNORECASE,
)
SILENT = frozenset(
    ("script", "style", "title", "template", "noscript", "object", "embed", "iframe", "svg", "math", "head")
)
