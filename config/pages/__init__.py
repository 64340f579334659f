"""The patient page at `/`: made on the server, usable without script, and without a rule of its own.

Every view calls the same functions as the API; what they refuse (`hospital.errors`) is shown in words at the form.
"""
