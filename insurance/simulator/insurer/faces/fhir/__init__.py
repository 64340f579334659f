"""The same centre behind FHIR R4: requests become national transactions and replies resources (docs/fhir.md).

Written from FHIR's own text and the tables in docs/fhir.md, with plain dictionaries: nothing of the client is used.
"""

from insurance.simulator.insurer.faces.fhir.face import Fhir

__all__ = ["Fhir"]
