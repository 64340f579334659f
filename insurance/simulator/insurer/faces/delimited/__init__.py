"""The older face: one line of carets and pipes, GB18030 (protocol 6.1)."""

from insurance.simulator.insurer.faces.delimited.face import Delimited

__all__ = ["Delimited"]
