"""The mobile payment centre beside the common interface: camelCase orders in the same books (protocol 3.15)."""

from insurance.simulator.insurer.faces.mobile.face import Mobile, Silent

__all__ = ["Mobile", "Silent"]
