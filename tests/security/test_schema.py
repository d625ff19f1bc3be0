"""Every address with whatever may be put into it: nothing is answered with a fault of ours (5xx).

The application describes itself to nobody (test_app.py); here it is made to, and requests are made
from the description, sound ones and odd ones, by a visitor and by somebody who is signed in.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import build_app
from bot.assembly import Assistant

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its own imports
    import schemathesis
    from schemathesis import GenerationMode

from tests.security.conftest import addresses, served, staff_of

EXAMPLES = 5  # a method and address
ENDS = {"/staff/dang-xuat", "/staff/dang-xuat-het"}  # after them nobody would be signed in


@dataclass(frozen=True, slots=True)
class Site:
    app: FastAPI
    url: str
    cookies: dict[str, str]
    form_token: str  # of who is signed in


def description(app: FastAPI) -> dict[str, Any]:
    routes = list(iter_route_contexts(app.routes))
    for route in routes:
        route._effective_route.include_in_schema = True
    return get_openapi(title=app.title, version="1", routes=routes)


@pytest.fixture(params=["visitor", "signed in"])
def site(request: pytest.FixtureRequest, assistant: Assistant) -> Iterator[Site]:
    app = build_app(assistant)
    cookies = {"hvs_staff": staff_of(assistant).token} if request.param == "signed in" else {}
    with served(app) as url:
        page = httpx.get(f"{url}/staff/tai-khoan", cookies=cookies).text
        form_token = page.partition('name="form_token" value="')[2].partition('"')[0]
        yield Site(app, url, cookies, form_token)


def statuses(site: Site, operation: Any) -> set[int]:
    """What a number of requests to one address was answered with."""
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )
    found = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send(case: Any) -> None:
        if isinstance(case.body, dict) and "form_token" in case.body:
            case.body["form_token"] = site.form_token  # or nothing behind it would be reached
        answer = case.call(base_url=site.url, cookies=site.cookies, allow_redirects=False, timeout=20)
        found.add(answer.status_code)

    send()
    return found


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)  # the stricter of the two
def test_no_request_that_fits_the_description_or_just_does_not_brings_a_fault(site: Site):
    schema = schemathesis.openapi.from_dict(description(site.app))
    operations = [result.ok() for result in schema.get_all_operations()]

    seen = {
        (operation.method.upper(), operation.path): statuses(site, operation)
        for operation in operations
        if operation.path not in ENDS
    }

    assert {key: found for key, found in seen.items() if max(found) >= 500} == {}
    assert len(seen) == len(addresses(site.app)) - len(ENDS)
    is_inside = bool(site.cookies)
    assert (200 in seen["GET", "/staff"], 303 in seen["GET", "/staff"]) == (is_inside, not is_inside)


QUERY_SIGNS = 50_000  # of all parameters together: what the client itself takes
ODD = ("\0", "a\0b", "' OR 1=1; --", "\ud7ff\uffff", "9" * 5_000, "%00", "../../x", "{{ 7*7 }}", "x" * 20_000)


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
def test_signs_that_databases_and_parsers_dislike_bring_no_fault(site: Site):
    """In every field and parameter that takes text, each sign in its turn."""
    found: dict[tuple[str, str, str], int] = {}
    schemas = description(site.app)

    with httpx.Client(base_url=site.url, cookies=site.cookies, timeout=20) as client:
        for path, methods in schemas["paths"].items():
            for method, operation in methods.items():
                if path in ENDS:
                    continue
                texts = _texts(operation)
                for odd in ODD:
                    fields = dict.fromkeys(_fields(operation, schemas), odd)
                    fields |= {"form_token": site.form_token, "message_id": f"odd-{len(found):016}"}
                    query = dict.fromkeys(texts, odd[: QUERY_SIGNS // max(len(texts), 1)]) | {"sau": "0"}
                    where = re.sub(r"\{\w+\}", quote(odd[:200], safe=""), path)
                    form = {"data": fields} if method == "post" else {}
                    answer = client.request(method.upper(), where, params=query, **form)
                    found[method, path, odd[:20]] = answer.status_code

    assert {key: status for key, status in found.items() if status >= 500} == {}
    assert len(found) > 200


def _fields(operation: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    """The names of a form's fields that take text."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        fields = schemas["components"]["schemas"][name]["properties"]
        return [field for field, schema in fields.items() if schema.get("type") == "string"]
    return []


def _texts(operation: dict[str, Any]) -> list[str]:
    """The names of the parameters behind the ? that take text."""
    query = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    return [one["name"] for one in query if one["schema"].get("type") == "string"]
