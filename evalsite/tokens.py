"""Who may use the API: `Authorization: Bearer pg_…`, or a staff session; scopes read, write, render."""

from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from evalsite.models import ApiToken

if TYPE_CHECKING:
    # DRF's settings import this module while rest_framework.views is half loaded.
    from rest_framework.views import APIView


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        parts = get_authorization_header(request).decode("latin-1").split()
        if not parts or parts[0].lower() != "bearer":
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("Authorization: must be 'Bearer <token>'.")
        token = (
            ApiToken.objects.select_related("owner")
            .filter(sha256=ApiToken.digest(parts[1]))
            .first()
        )
        if token is None:
            raise AuthenticationFailed("This API token is unknown.")
        if token.expired:
            raise AuthenticationFailed("This API token has expired.")
        if not token.owner.is_active:
            raise AuthenticationFailed("This API token's owner is not active.")
        token.used()
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ScopePermission(BasePermission):
    """Staff only. A token needs `read` for safe methods, else the view's `scope` (default write)."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        user = request.user
        if not (user and user.is_authenticated and user.is_staff):
            return False
        if not isinstance(request.auth, ApiToken):
            return True
        needed = "read" if request.method in SAFE_METHODS else getattr(view, "scope", "write")
        self.message = f"This API token lacks the scope '{needed}'."
        return needed in request.auth.scopes


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
