"""A message to or from the insurer as staff may see it: masked by the dialect in which it was written.

What the dialect cannot read (half a message, another dialect's, a gateway's page) is not shown: nobody knows what
stands where in it. Then there is but its size.
"""

import re

from django.utils.translation import gettext as _

from insurance.interface import dialects
from insurance.interface.masking import MASK
from insurance.quota import directory

_OF_OURS = re.compile(r"\[a file of \d+ bytes\]")
"""What the journal keeps in a file's place (`Reply.kept`)."""


def shown(insurer: str, infno: str, text: str, name: str = "") -> str:
    """The message with everything personal masked, or its size; "" where there is none. `name`: whom it is about, also
    masked in the centre's own words."""
    if not text or _OF_OURS.fullmatch(text):
        return text
    dialect = dialects.load(directory.terms(insurer).dialect)
    masked = dialect.masked(infno, text) or _("[%(count)s characters that cannot be read]") % {"count": len(text)}
    return masked.replace(name, MASK) if len(name) > 1 else masked
