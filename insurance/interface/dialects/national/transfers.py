"""Files beside the messages: 9101 and 9102. Source: protocol 2 (H annex A) and 3.12."""

from insurance.interface.dialects.national.envelope import Payload
from insurance.interface.dialects.national.exchanges import enveloped, writing
from insurance.interface.dialects.national.fields import Node
from insurance.interface.dialects.national.files import MAX_FILE_BYTES
from insurance.interface.dialects.national.replies import output
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Attachment, Exchange, Reply
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import FileKey, FileUpload

_ENVELOPE_PART, _FILE_PART = "jsonStr", "file"


def _write_upload(profile: Profile, question: FileUpload) -> Payload:
    """`in` is the file where there is no form; here the file is a part of its own."""
    about = {"in": "", "filename": question.filename, "fixmedins_code": profile.institution_code}
    file = Attachment(question.filename, question.content, _FILE_PART, _ENVELOPE_PART)
    return Payload({"fsUploadIn": about}, attachment=file)


def _read_upload(question: FileUpload, value: object) -> str:
    """Clients read it from the output itself (GD) or from the node that 3202 also has."""
    answer = Node("output", value)
    info = answer if answer.present("file_qury_no") else answer.node("fileinfo")
    return info.text("file_qury_no")


def _write_download(profile: Profile, question: FileKey) -> Payload:
    about = {
        "file_qury_no": question.file_qury_no,
        "filename": question.filename,
        "fixmedins_code": profile.institution_code,
    }
    return Payload({"fsDownloadIn": about}, answer_bytes=MAX_FILE_BYTES)


def _decode_download(question: FileKey, reply: Reply) -> bytes:
    """A file on success; everything else is told in JSON."""
    if reply.is_file and 200 <= reply.status < 300:
        return reply.body
    output(reply.status, reply.headers, reply.body)
    raise OutcomeUnknown("infcode is 0, but there is no file")


UPLOAD = enveloped(Operation.UPLOAD_FILE, _write_upload, _read_upload)
DOWNLOAD: Exchange[FileKey, bytes] = Exchange(
    Operation.DOWNLOAD_FILE, writing(Operation.DOWNLOAD_FILE, _write_download), _decode_download
)
