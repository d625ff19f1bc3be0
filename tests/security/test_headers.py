"""What every answer says to the browser, over every address there is."""

import re

import pytest
from fastapi.testclient import TestClient

from bot.app import build_app
from bot.assembly import Assistant
from tests.security.conftest import addresses, staff_of

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
FILES = {
    "/static/{name}",
    "/staff/static/staff.css",
    "/nhung.js",
    "/sw.js",
    "/manifest.webmanifest",
}  # the same for everybody, so they may be kept
FOR_OTHER_SITES = {"/nhung.js"}
NOWHERE = {"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"}


def answers(client: TestClient, paths: list[tuple[str, str]]):
    """The answer of each address, with parameters that fit no row."""
    for method, path in paths:
        yield path, client.request(method, re.sub(r"\{\w+\}", "1", path))


def faults(path: str, answer) -> list[str]:
    """What is not as it must be."""
    headers = answer.headers
    found = [name for name, value in ALWAYS.items() if headers.get(name) != value]
    if path in FOR_OTHER_SITES:
        found.remove("cross-origin-resource-policy")
    policy = set(headers.get("content-security-policy", "").split("; "))
    if not policy >= NOWHERE or not {"form-action 'self'", "form-action 'none'"} & policy:
        found.append(f"policy: {policy}")
    if any("unsafe" in part or "*" in part or "http" in part for part in policy):
        found.append(f"policy lets too much through: {policy}")
    if "camera=()" not in headers.get("permissions-policy", ""):
        found.append("permissions-policy")
    if headers.get("cache-control") != "no-store" and path not in FILES:
        found.append(f"cache-control: {headers.get('cache-control')}")
    if "access-control-allow-origin" in headers or "server" in headers:
        found.append("says too much")
    if answer.content and not re.search(
        r"charset=utf-8|^image/svg|^application/(?:problem\+|manifest\+)?json|^application/vnd\.openxml",
        headers["content-type"],
    ):
        found.append(f"content-type: {headers['content-type']}")
    return found


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_every_address_answers_carefully(sqlite_assistant: Assistant, is_signed_in: bool):
    app = build_app(sqlite_assistant)
    client = TestClient(app, follow_redirects=False)
    if is_signed_in:
        client.cookies.set("hvs_staff", staff_of(sqlite_assistant).token, domain="testserver.local")
    paths = addresses(app)

    found = {path: wrong for path, answer in answers(client, paths) if (wrong := faults(path, answer))}

    assert len(paths) >= 25
    assert found == {}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/khong-co", 404),
        ("GET", "/staff/khong-co", 404),
        ("PUT", "/", 405),
        ("TRACE", "/", 405),
        ("GET", "/staff/tong-quan.csv?tu=x", 303),
    ],
)
def test_what_is_refused_before_any_page_of_ours_is_careful_too(
    sqlite_assistant: Assistant, method: str, path: str, status: int
):
    answer = TestClient(build_app(sqlite_assistant), follow_redirects=False).request(method, path)

    assert answer.status_code == status
    assert faults(path, answer) in ([], ["content-type: application/json"])


def test_a_form_that_is_too_large_is_refused_carefully(sqlite_assistant: Assistant):
    client = TestClient(build_app(sqlite_assistant))

    refused = {
        path: client.post(path, data={"x": "x" * 70_000}) for path in ("/tin-nhan", "/staff/dang-nhap")
    }

    assert {path: answer.status_code for path, answer in refused.items()} == dict.fromkeys(refused, 413)
    assert [faults(path, answer) for path, answer in refused.items()] == [[], []]


def test_a_fault_of_ours_says_nothing_about_itself(
    sqlite_assistant: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def away() -> None:
        raise RuntimeError("SELECT secret FROM nowhere")

    app = build_app(sqlite_assistant)
    monkeypatch.setattr(sqlite_assistant.database, "read", away)
    client = TestClient(app, raise_server_exceptions=False)
    client.cookies.set("hvs_chat", "x.1.y")

    broken = {path: client.get(path) for path in ("/readyz", "/staff", "/staff/moi/1")}

    assert {path: answer.status_code for path, answer in broken.items()} == dict.fromkeys(broken, 500)
    assert [faults(path, answer) for path, answer in broken.items()] == [[], [], []]
    assert not [path for path, answer in broken.items() if "SELECT" in answer.text or "Trace" in answer.text]
    assert "Máy chủ đang trục trặc" in broken["/staff"].text
    assert "/staff/moi/{token}" in caplog.text  # never the token


def test_pages_load_what_they_need_by_a_nonce_of_their_own(sqlite_assistant: Assistant):
    client = TestClient(build_app(sqlite_assistant))

    for path in ("/", "/staff/dang-nhap"):
        pages = [client.get(path) for _ in range(2)]
        policies = [page.headers["content-security-policy"] for page in pages]
        nonces = [set(re.findall(r"'nonce-([\w-]{22})'", policy)) for policy in policies]

        assert [len(found) for found in nonces] == [1, 1]
        assert nonces[0] != nonces[1]
        for page, (nonce,) in zip(pages, nonces, strict=True):
            assert set(re.findall(r'nonce="([^"]*)"', page.text)) == {nonce}
            assert len(re.findall(r"<(?:script|link rel=\"stylesheet\")", page.text)) == page.text.count(
                "nonce="
            )


def test_on_https_browsers_are_held_to_it_for_a_year(public_assistant: Assistant):
    app = build_app(public_assistant)
    client = TestClient(app, base_url="https://xa.example.vn", follow_redirects=False)

    values = {
        answer.headers.get("strict-transport-security") for _, answer in answers(client, addresses(app))
    }

    assert values == {"max-age=31536000; includeSubDomains"}


def test_without_https_nobody_is_held_to_it(sqlite_assistant: Assistant):
    assert "strict-transport-security" not in TestClient(build_app(sqlite_assistant)).get("/").headers


@pytest.mark.parametrize(
    ("address", "status"), [("127.0.0.1", 200), ("10.0.0.5", 200), ("8.8.8.8", 404), ("2a00:1450::1", 404)]
)
def test_on_the_internet_numbers_about_the_service_are_for_its_keepers(
    public_assistant: Assistant, address: str, status: int
):
    client = TestClient(build_app(public_assistant), client=(address, 50000))

    statuses = {path: client.get(path).status_code for path in ("/metrics", "/readyz")}

    assert statuses == {"/metrics": status, "/readyz": status}
    assert client.get("/healthz").text == "ok"
