"""What attacks a page that shows it unescaped; all of it may stand in any text."""

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "[x](javascript:alert(1))",
    '![x](x"onerror=alert(1))',
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    '"><iframe srcdoc="<script>alert(1)</script>">',
    "' onmouseover='alert(1)",
    "<style>*{display:none}</style>",
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "$\\href{javascript:alert(1)}{x}$",
    "<!--",
    "]]>",
    "{{7*7}} {% raw %} {# x #}",
    "<form action=x><object data=x><embed src=x>",
    "<base href=x><meta http-equiv=refresh content=0>",
]
