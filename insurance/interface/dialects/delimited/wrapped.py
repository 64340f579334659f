"""An answer in XML, as the servlet of Yulin gives it: the same line, as a parameter of a document (protocol 6.1).

No more is known of it than `header/appCode`, `errorMessage/@detailMessage`, `param[@paraName='outputData']/@paraValue`;
which appCode means what, no source says. So the line decides where there is one. An error of the servlet's own is a
refusal only if its words are not a program's: those come also after the vendor's library has settled.

Expat itself, and a document with a DTD is not read on: without one there is nothing that could be unfolded or fetched.
That is all that defusedxml would do here, and it is no part of production.
"""

import re
from xml.parsers import expat  # nosec B407: no DTD, see above

from insurance.interface.errors import OutcomeUnknown, scrub

_OF_A_PROGRAM = re.compile(
    r"exception|error|java|\bnull\b|ORA-|HTTP|异常|空指针|繁忙|维护|稍[后候]|处理失败|操作失败|数据库|服务器|服务不可用",
    re.IGNORECASE,
)
_CARETS = str.maketrans("^", " ")


class _Document:
    """What is read of one, element by element."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.app_code = False
        self.lines: list[str] = []
        self.errors: list[str] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name.rpartition(":")[2])
        self.app_code |= self.path[-2:] == ["header", "appCode"]
        if self.path[-1] == "param" and attributes.get("paraName") == "outputData":
            self.lines.append(attributes.get("paraValue", "").strip())
        if self.path[-1] == "errorMessage":
            self.errors.append(attributes.get("detailMessage", "").strip())

    def end(self, name: str) -> None:
        self.path.pop()


def line(text: str) -> str:
    """The line of a wrapped answer; of an error that the servlet tells, the line that a refusal is. Raises
    `OutcomeUnknown`."""
    document = _read(text)
    lines, errors = list(filter(None, document.lines)), list(filter(None, document.errors))
    if not document.app_code or len(lines) > 1 or len(errors) > 1:
        raise OutcomeUnknown("an XML document that is no wrapped answer")
    if lines and errors and not lines[0].startswith("^"):
        raise OutcomeUnknown("an answer that tells a success and an error")
    if lines:
        return lines[0]
    if not errors or _OF_A_PROGRAM.search(errors[0]):
        raise OutcomeUnknown(scrub(errors[0]) if errors else "a wrapped answer with nothing in it")
    return f"^^{errors[0].translate(_CARETS)}^"


def _read(text: str) -> _Document:
    document, parser = _Document(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = document.begin, document.end
    parser.StartDoctypeDeclHandler = _refused
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise OutcomeUnknown("an answer that is not whole XML") from error
    return document


def _refused(*declared: object) -> None:
    raise OutcomeUnknown("an XML document with a DTD")
