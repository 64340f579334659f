"""The front door: what stands between the server and Django. See docs/adr/0024.

Looks that come thousands of times a second are answered here, by one statement each. Everything else goes to Django on
a few threads, and beyond what these take, an honest no.
"""
