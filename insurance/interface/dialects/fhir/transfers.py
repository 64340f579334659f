"""Files beside the messages (9101, 9102): a Binary as it is, not as base64 in a resource. Source: FHIR R4, binary.html.

So the journal keeps no byte of a file, on either way. The only GET of this dialect is the one that fetches a Binary.
"""

import json
import re
from datetime import datetime

from insurance.interface.dialects.fhir.exchanges import sent_headers
from insurance.interface.dialects.fhir.replies import failure
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Attachment, Exchange, Reply, Request, header
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import FileKey, FileUpload

ZIP = "application/zip"
MAX_FILE_BYTES = 8 * 1024 * 1024
_ID = r"[A-Za-z0-9\-.]{1,64}"
_LOCATION = re.compile(rf"(?:.*/)?Binary/({_ID})(?:/_history/{_ID})?")


def _upload(profile: Profile, msgid: str, now: datetime, question: FileUpload) -> Request:
    headers = sent_headers(profile, msgid, {"content-type": ZIP, "prefer": "return=OperationOutcome"})
    said = {"resourceType": "Binary", "contentType": ZIP, "filename": question.filename, "size": len(question.content)}
    file = Attachment(question.filename, question.content)
    return Request(profile.infno(Operation.UPLOAD_FILE), "/Binary", headers, json.dumps(said).encode(), file)


def _uploaded(question: FileUpload, reply: Reply) -> str:
    """Created, and where: the id in Location is what a statement names."""
    if reply.status != 201:
        raise failure(reply, "Binary")
    found = _LOCATION.fullmatch(header(reply.headers, "location") or "")
    if found is None:
        raise OutcomeUnknown("created, but without a Location")
    return found[1]


def _download(profile: Profile, msgid: str, now: datetime, question: FileKey) -> Request:
    if not re.fullmatch(_ID, question.file_qury_no):
        raise ValueError("not the id of a Binary")
    return Request(
        profile.infno(Operation.DOWNLOAD_FILE),
        f"/Binary/{question.file_qury_no}",
        sent_headers(profile, msgid, {"accept": ZIP}),
        json.dumps({"resourceType": "Binary", "id": question.file_qury_no}).encode(),
        answer_bytes=MAX_FILE_BYTES,
        method="GET",
    )


def _downloaded(question: FileKey, reply: Reply) -> bytes:
    """A file on success; everything else is an OperationOutcome."""
    if reply.is_file and reply.status == 200:
        return reply.body
    raise failure(reply, "Binary")


UPLOAD: Exchange[FileUpload, str] = Exchange(Operation.UPLOAD_FILE, _upload, _uploaded)
DOWNLOAD: Exchange[FileKey, bytes] = Exchange(Operation.DOWNLOAD_FILE, _download, _downloaded)
