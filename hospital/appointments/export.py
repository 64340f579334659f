"""Everything that is held about the patient who asks, over HTTP (PIPL, article 45)."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hospital import held
from hospital.appointments.access import patient_of
from hospital.rest import limit_user

WHY = "asked for by the patient"


class ExportView(APIView):
    @extend_schema(responses={200: OpenApiTypes.OBJECT}, summary="Everything that is held about oneself")
    def get(self, request: Request) -> Response:
        limit_user(request, "export")
        patient = patient_of(request)
        told = held.export(patient, who=patient.user, why=WHY)
        return Response(told, headers={"Cache-Control": "no-store"})
