"""The states of what the patient meets, in people's words."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from hospital.badges import Tone
from hospital.states import AppointmentState, ArchiveState, ErasureState, NoticeState

APPOINTMENT: Mapping[str, object] = {
    AppointmentState.BOOKED: _("booked"),
    AppointmentState.CANCELLED: _("cancelled"),
    AppointmentState.COMPLETED: _("complete"),
}
ARCHIVE: Mapping[str, object] = {
    ArchiveState.QUEUED: _("waits to be filed"),
    ArchiveState.FILED: _("filed"),
    ArchiveState.REJECTED: _("filing rejected"),
    ArchiveState.CANCELLED: _("cancelled"),
}
NOTICE: Mapping[str, object] = {
    NoticeState.PENDING: _("to be sent"),
    NoticeState.SENDING: _("being sent"),
    NoticeState.SENT: _("sent"),
    NoticeState.FAILED: _("given up"),
}
ERASURE: Mapping[str, object] = {
    ErasureState.PROPOSED: _("to be decided"),
    ErasureState.CARRIED_OUT: _("carried out"),
    ErasureState.REJECTED: _("rejected"),
    ErasureState.WITHDRAWN: _("withdrawn"),
}
TONES: Mapping[str, Tone] = {
    AppointmentState.COMPLETED: Tone.GOOD,
    ArchiveState.FILED: Tone.GOOD,
    ArchiveState.REJECTED: Tone.PERSON,
    NoticeState.SENT: Tone.GOOD,
    NoticeState.FAILED: Tone.PERSON,
    ErasureState.PROPOSED: Tone.DOUBT,
    ErasureState.CARRIED_OUT: Tone.GOOD,
}
