"""Accounts and tokens over HTTP (contract: HTTP API): sign up, sign in, stay signed in, sign out."""

from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.views import TokenObtainPairView, TokenViewBase

from hospital import tokens
from hospital.appointments import accounts
from hospital.appointments.serializers import AccountInput, AccountOutput, PairOutput, RefreshInput, SignInInput
from hospital.rest import asker_id, limit_address, limit_user, limit_username


class AccountsView(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(request=AccountInput, responses={201: AccountOutput}, summary="Sign up")
    def post(self, request: Request) -> Response:
        limit_address(request, "accounts")
        given = AccountInput(data=request.data)
        given.is_valid(raise_exception=True)
        patient = accounts.sign_up(**given.validated_data)
        return Response({"id": patient.pk, "username": patient.user.get_username()}, status=201)


class TokenView(TokenObtainPairView):
    @extend_schema(request=SignInInput, responses=PairOutput, summary="Sign in: tokens for a name and a password")
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        limit_address(request, "token")
        if isinstance(request.data, dict):
            limit_username(request, "token", str(request.data.get("username", "")))
        return super().post(request, *args, **kwargs)


class RefreshView(TokenViewBase):
    @extend_schema(
        request=RefreshInput, responses=PairOutput, summary="Stay signed in: a new pair, and the old one is used up"
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        limit_address(request, "refresh")
        given = RefreshInput(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(tokens.rotate(given.validated_data["refresh"]))


class RevokeView(TokenViewBase):
    """Whoever has the refresh token may end it; one that is none any more is ended already."""

    @extend_schema(request=RefreshInput, responses={204: None}, summary="Sign out on this device")
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        limit_address(request, "revoke")
        given = RefreshInput(data=request.data)
        given.is_valid(raise_exception=True)
        tokens.sign_out(given.validated_data["refresh"])
        return Response(status=204)


class RevokeAllView(APIView):
    @extend_schema(request=None, responses={204: None}, summary="Sign out everywhere")
    def post(self, request: Request) -> Response:
        limit_user(request, "revoke")
        tokens.sign_out_everywhere(User.objects.get(pk=asker_id(request)))
        return Response(status=204)
