"""The same centre behind FHIR R4: a gateway that turns requests into national ones and replies back (docs/fhir.md).

Written from FHIR's own text and the tables in docs/fhir.md, with plain dictionaries: nothing of the client is used.
"""
