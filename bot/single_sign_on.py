"""The staff site's single sign-on as the settings have it; without an issuer there is none."""

from pydantic import TypeAdapter, ValidationError

from bot.channels.accounts import AccountError, Secret
from bot.settings import Settings
from staff.sso_port import SignOn


def sign_on(settings: Settings) -> SignOn | None:
    """Raises `AccountError`, which says what is missing."""
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_id is None or settings.oidc_client_secret is None:
        raise AccountError(
            "HOCVUSO_OIDC_ISSUER is set, expected HOCVUSO_OIDC_CLIENT_ID and HOCVUSO_OIDC_CLIENT_SECRET, too"
        )
    try:
        from staff.sso import OpenIdSignOn
    except ImportError as error:
        raise AccountError("HOCVUSO_OIDC_ISSUER is set, expected the extra `sso` to be installed") from error
    try:
        secret = TypeAdapter(Secret).validate_python(settings.oidc_client_secret.get_secret_value())
        return OpenIdSignOn(settings.oidc_issuer, settings.oidc_client_id, secret.get_secret_value())
    except ValidationError as error:
        raise AccountError("HOCVUSO_OIDC_CLIENT_SECRET: found no file that can be read") from error
    except ValueError as error:
        raise AccountError(f"HOCVUSO_OIDC_ISSUER: {error}") from error
