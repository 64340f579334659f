"""How drf-spectacular makes the schema and its page (`SPECTACULAR_SETTINGS`)."""

from typing import Any

from config.openapi.operations import TAGS
from hospital.states import AppointmentState, ArchiveState
from insurance.states import SettlementState, TrialState

SPECTACULAR: dict[str, Any] = {
    "TITLE": "Hospital line",
    "DESCRIPTION": "Booking, filing, notice, trial and settlement behind an insurance interface of n calls a minute.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "TAGS": [{"name": name, "description": description} for name, description in TAGS],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.openapi.document.complete",
    ],
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "persistAuthorization": True,
        "displayRequestDuration": True,
        "defaultModelsExpandDepth": 0,  # the shapes are folded away: each call shows its own
    },
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        f"{states.__name__}Enum": [(state.value, state.value) for state in states]
        for states in (AppointmentState, ArchiveState, TrialState, SettlementState)
    },
}
