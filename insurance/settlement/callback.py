"""The insurer's callback over HTTP (6302). Late, repeated and unordered ones are harmless; forged ones are refused."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from insurance.interface.dialects.mobile.callbacks import SIGNATURE
from insurance.settlement import news


class OrderNewsInput(serializers.Serializer[Any]):
    """As the mobile payment centre writes it; other fields are kept and not read."""

    payOrdId = serializers.CharField(max_length=64)
    ordStas = serializers.CharField(max_length=2)


class OrderNewsOutput(serializers.Serializer[Any]):
    received = serializers.BooleanField()


class CallbackView(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(
        request=OrderNewsInput,
        responses=OrderNewsOutput,
        parameters=[OpenApiParameter(SIGNATURE, str, OpenApiParameter.HEADER, required=True)],
        summary="The insurer's signed callback about an order",
    )
    def post(self, request: Request, insurer: str) -> Response:
        news.hear(insurer, request._request.body, request.headers.get(SIGNATURE, ""))
        return Response({"received": True})
