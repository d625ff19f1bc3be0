"""When the house is full, who comes is told so at once, and let in again when somebody has left."""

import asyncio

import httpx
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from bot.door import Door


class House:
    """Keeps everybody in until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.inside = asyncio.Semaphore(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/healthz":
            self.inside.release()
            await self.opened.wait()
        await PlainTextResponse("xong")(scope, receive, send)


async def test_who_finds_it_full_is_asked_to_come_again_and_then_let_in():
    house = House()
    door = Door(house, sentence="Lúc này đang đông", most=2)
    transport = httpx.ASGITransport(app=door)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        first = [asyncio.create_task(http.post("/tin-nhan")) for _ in range(2)]
        for _ in first:
            await house.inside.acquire()

        refused = await http.post("/tin-nhan")
        health = await http.get("/healthz")
        house.opened.set()
        answers = [await task for task in first]
        later = await http.post("/tin-nhan")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refused.text == "Lúc này đang đông"
    assert [answer.status_code for answer in (health, *answers, later)] == [200] * 4


async def test_a_request_that_fails_leaves_the_house_too():
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError

    door = Door(broken, sentence="", most=1)
    transport = httpx.ASGITransport(app=door, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        statuses = [(await http.get("/")).status_code for _ in range(3)]

    assert statuses == [500, 500, 500]
