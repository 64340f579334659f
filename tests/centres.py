"""Which face of the simulated centre speaks which dialect: what the conformance suite takes through the pipeline."""

from insurance.interface.dialects import DIALECTS

CENTRES = {**dict(zip(DIALECTS, DIALECTS, strict=True)), "examples.forms.DIALECT": "examples.forms.centre.Centre"}
"""By dialect: those of the package and their faces have the same name; one outside is named here."""
