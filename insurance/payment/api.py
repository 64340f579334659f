"""The payment institution's callback. Late, repeated and unordered ones are harmless; forged ones are refused."""

import json
import logging
import time
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hospital.errors import Conflict, Forbidden, Invalid, NotFound
from insurance.payment import day_file, orders, signing
from insurance.payment.gateway import AmountsDiffer, OrderStatus
from insurance.states import PaymentState

log = logging.getLogger(__name__)


class NotifyInput(serializers.Serializer[Any]):
    order_no = serializers.CharField(max_length=64)
    state = serializers.ChoiceField(choices=[state.value for state in PaymentState])
    amount_fen = serializers.IntegerField()
    transaction_no = serializers.CharField(max_length=64, required=False)


class NotifyOutput(serializers.Serializer[Any]):
    received = serializers.BooleanField()


class NotifyView(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(
        request=NotifyInput,
        responses=NotifyOutput,
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True)
            for name in (signing.TIMESTAMP, signing.SIGNATURE)
        ],
        summary="The payment institution's signed callback",
    )
    def post(self, request: Request) -> Response:
        body = request._request.body
        timestamp = request.headers.get(signing.TIMESTAMP, "")
        if not signing.is_genuine(timestamp, request.headers.get(signing.SIGNATURE, ""), body, time.time()):
            raise Forbidden("bad_signature", _("The signature is wrong or too old."))
        order_no, status = _read(body)
        try:
            if not orders.hear(order_no, status):
                raise NotFound("no_such_order", _("There is no such order."))
        except AmountsDiffer as error:
            log.error("callback for order %s: %s", order_no, error)
            raise Conflict("amounts_differ", _("The amount is not that of the order.")) from error
        return Response({"received": True})


def _read(body: bytes) -> tuple[str, OrderStatus]:
    try:
        fields = json.loads(body)
        transaction_no = _word(fields.get("transaction_no") or "")
        status = OrderStatus(PaymentState(fields["state"]), day_file.whole(fields["amount_fen"]), transaction_no, "")
        return _word(fields["order_no"]), status
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise Invalid("bad_callback", _("The callback lacks a field or cannot be read.")) from error


def _word(value: object) -> str:
    """A short text that a row can hold."""
    word = str(value)
    if len(word) > 64 or "\0" in word:
        raise ValueError("too long, or with a NUL")
    return word
