"""Single sign-on with the account of one's office: OpenID Connect, authorization code with PKCE.

Needs the extra `sso`. Only the issuer of the settings is ever called, without following it
anywhere else. What comes back is believed after its signature, issuer, audience, time and nonce
were checked (OpenID Connect Core 1.0, 3.1.3.7; RFC 9700). Who may come in is `staff.sso_pages`.
"""

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from staff.sso_port import Person, Secrets, SsoAway, SsoRefused

ALGORITHMS = ["RS256", "PS256", "ES256"]  # signed with a key of the issuer, never with ours or none
TIMEOUT_S = 10.0
LEEWAY_S = 60  # between two clocks
MAX_ANSWER = 256 * 1024  # bytes
_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Issuer:
    """What the issuer says about itself."""

    authorization: str
    token: str
    keys: str


class OpenIdSignOn:
    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        """Raises ValueError for an issuer that is not on https."""
        self._issuer, self._client_id, self._client_secret = issuer.rstrip("/"), client_id, client_secret
        parts = urlsplit(self._issuer)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError(f"found the issuer {issuer!r}, expected https://…")

    def begin(self, secrets: Secrets, *, back_to: str) -> str:
        """The address of the issuer's sign-in page. Raises `SsoAway`, `SsoRefused`."""
        return str(
            prepare_grant_uri(
                self._discover().authorization,
                client_id=self._client_id,
                response_type="code",
                redirect_uri=back_to,
                scope="openid email",
                state=secrets.state,
                nonce=secrets.nonce,
                code_challenge=create_s256_code_challenge(secrets.verifier),
                code_challenge_method="S256",
            )
        )

    def finish(self, code: str, secrets: Secrets, *, back_to: str, now_s: int) -> Person:
        """Who signed in there. Raises `SsoAway`, `SsoRefused`."""
        issuer = self._discover()
        answer = self._call(
            "POST",
            issuer.token,
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": back_to,
                "code_verifier": secrets.verifier,
            },
            # RFC 6749, 2.3.1: both are encoded as in a form before they are put together.
            auth=(quote(self._client_id, safe=""), quote(self._client_secret, safe="")),
        )
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise SsoRefused("found no id_token in the answer")
        claims = self._claims(token, self._call("GET", issuer.keys), secrets, now_s)
        email = claims.get("email")
        return Person(
            subject=hashlib.sha256(f"{self._issuer}\n{claims['sub']}".encode()).hexdigest(),
            email=email.lower() if isinstance(email, str) and claims.get("email_verified") is True else None,
        )

    def _claims(self, token: str, keys: Any, secrets: Secrets, now_s: int) -> CodeIDToken:
        try:
            signed = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                options={
                    "iss": {"essential": True, "value": self._issuer},
                    "aud": {"essential": True, "value": self._client_id},
                    "nonce": {"essential": True, "value": secrets.nonce},
                },
                params={"nonce": secrets.nonce, "client_id": self._client_id},
            )
            claims.validate(now=now_s, leeway=LEEWAY_S)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SsoRefused(f"{type(error).__name__}: {error}") from error
        return claims

    def _discover(self) -> Issuer:
        said = self._call("GET", f"{self._issuer}/.well-known/openid-configuration")
        if str(said.get("issuer", "")).rstrip("/") != self._issuer:
            raise SsoRefused("the issuer calls itself by another name")
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        places = [str(said.get(name, "")) for name in names]
        # Whoever answers for the issuer could name any address, also one inside our own network.
        if any(_origin(place) != _origin(self._issuer) for place in places):
            raise SsoRefused("the issuer names an address of another host")
        return Issuer(*places)

    def _call(self, method: str, address: str, **request: Any) -> dict[str, Any]:
        try:
            with httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
                response = client.request(method, address, **request)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise SsoAway(type(error).__name__) from None
        if response.status_code >= 500:
            raise SsoAway(str(response.status_code))
        if response.status_code != 200 or len(response.content) > MAX_ANSWER:
            raise SsoRefused(f"{method} {urlsplit(address).path}: {response.status_code}")
        try:
            answer = response.json()
        except ValueError as error:
            raise SsoRefused(f"{urlsplit(address).path}: found no JSON") from error
        if not isinstance(answer, dict):
            raise SsoRefused(f"{urlsplit(address).path}: found no JSON object")
        return answer


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc
