"""Files on the wire under a permit, and what is kept of them."""

import json

from insurance.models import InterfaceCall
from insurance.quota import permits
from insurance.quota.exchange import exchange
from insurance.quota.lanes import Lane
from tests.simulators import Simulator

FILE = b"PK\x03\x04" + bytes(range(256))


def test_of_a_file_the_envelope_and_the_length_are_kept(insurer: Simulator) -> None:
    held = permits.take(Lane.RECOVERY, turn_seconds=10, wait_seconds=10)
    assert held is not None
    with exchange(held, Lane.RECOVERY, "comparison") as client:
        number = client.upload("a.zip", FILE)
        assert client.download(number, "a.zip") == FILE
    upload, download = InterfaceCall.objects.order_by("pk")
    assert [(call.infno, call.outcome) for call in (upload, download)] == [("9101", "answered"), ("9102", "answered")]
    assert json.loads(upload.request)["input"]["fsUploadIn"]["filename"] == "a.zip"
    assert json.loads(upload.reply)["output"]["file_qury_no"] == number
    assert json.loads(download.request)["input"]["fsDownloadIn"]["file_qury_no"] == number
    assert download.reply == "[a file of 260 bytes]"
