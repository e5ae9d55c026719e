# ruff: noqa: RUF001
"""Strings that have broken other programs: each is a lesson that somebody had to learn."""

LETTERS = (
    "", " ", "\t", "a", "A", "0", "-1", "1e5", "NaN", "Infinity", "null", "undefined", "None", "true", "True", "nil",
    "NULL", "(null)", "__proto__", "constructor", "hasOwnProperty", "toString", "__class__", "id", "status",
    "created_at", "producer_id", "[]", "{}", "' OR 1=1 --", "'; DROP TABLE signals; --", '" OR ""="',
    "1;SELECT pg_sleep(9)", "admin'--", "$1", "%s%n%x", "{0.__class__}", "${jndi:ldap://x/a}", "{{7*7}}",
    "<%= 7*7 %>", "#{7*7}", "$(id)", "`id`", "| cat /etc/passwd", "; ls", "&& true", "../../etc/passwd",
    "..\\..\\boot.ini", "file:///etc/passwd", "/dev/null", "CON", "NUL", "C:\\", "%00", "%2e%2e%2f",
    "%0d%0aX-Evil: 1", "\\u0000", "\\ud800", "\\x00", "\\", "\\\\", '"', '\\"', "'", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "javascript:alert(1)", "]]>", "<!--", "<!ENTITY x SYSTEM 'file:///'>", "=1+1",
    "@SUM(A1)", "+cmd|' /C calc'!A0", "*", "?", "~", "!!python/object:x", "&a *a", "----", "====", "2026-01-31",
    "2026-02-30T00:00:00Z", "0000-00-00T00:00:00Z", "1738324800", "127.0.0.1", "::1", "localhost", "http://x",
    "XAUUSD", "xauusd", "XAUUSD.", "..", "--", "XAU USD", "XAU\\nUSD", "ΧAUUSD", "ХAUUSD", "ＸＡＵ", "XAU\u200bUSD",
    "ẞẞ", "ﬁﬁ", "İİ", "A" * 20, "A" * 21, "A" * 64, "A" * 65, "A" * 128, "A" * 129, "A" * 8000, "A" * 20_000, "é",
    "e\u0301", "測試", "🚀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "\u202egnp.exe", "\ufeff", "\u200f", "\u2028", "\u2029", "\x85", "\xa0",
    "\xad", "\u180e", "\ufffe", "\uffff", "\ufffd", "\U000e0001", "\U0010ffff", "Z̸̡͓a̷l̴g̵o̶" * 5, "الكتاب", "עברית",
    "ʇunpᴉpᴉɔuᴉ", "１２３", "٣", "²", "Ⅷ", "½", "Ω", "ﷺ" * 20, "ȺȾ", "\u0958", "a\u0344",
)  # fmt: skip
"""Text without control characters."""

CONTROLS = (
    "\x00",
    "\x01",
    "\x07",
    "\x08",
    "\x1b[31m",
    "\x1f",
    "\x7f",
    "\n",
    "\r",
    "a\nb",
    "a\rb",
    "XAUUSD\n",
    "XAUUSD\x00",
    "\x0b",
    "\x0c",
)
"""What no header holds, and a string of JSON only when it is escaped."""
