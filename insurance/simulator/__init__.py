"""The other side, as programs of their own: a simulated insurer and a simulated payment institution.

Nothing of the project is imported here, so an error shared by both sides cannot cancel itself out.
"""
