"""The inbox over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hospital.notices import inbox
from hospital.rest import StrictSerializer, asker_id


class NoticesQuery(StrictSerializer):
    after = serializers.IntegerField(default=0, min_value=0, max_value=2**63 - 1)


class NoticeOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    appointment = serializers.IntegerField()
    title = serializers.CharField()
    text = serializers.CharField()
    sent_at = serializers.DateTimeField()


class NoticesView(APIView):
    @extend_schema(parameters=[NoticesQuery], responses=NoticeOutput(many=True), summary="The inbox, oldest first")
    def get(self, request: Request) -> Response:
        asked = NoticesQuery(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        notices = inbox.of_patient(asker_id(request), asked.validated_data["after"])
        return Response([inbox.shown(notice) for notice in notices])
