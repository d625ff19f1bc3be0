"""A page for a form or a file that is larger than we take: the framework says so in two English words."""

from starlette.status import HTTP_413_CONTENT_TOO_LARGE
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from staff.headers import add_headers
from staff.site import PREFIX, Site


class TooLargePage:
    """Middleware, outside of what counts the bytes; only for addresses of the staff's site."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        is_replaced = False

        async def send_page(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and message["status"] == HTTP_413_CONTENT_TOO_LARGE:
                is_replaced = True
                site: Site = scope["app"].state.staff_site
                page = site.page("refused.html", HTTP_413_CONTENT_TOO_LARGE, key="staff.refused_too_large")
                add_headers(page.headers, is_https=site.secure_cookies)
                await page(scope, receive, send)
            elif not is_replaced:  # of what is replaced the body goes, too
                await send(message)

        await self._app(scope, receive, send_page)
