"""The same work as an ordinary Django REST framework project does it: `ModelViewSet`s and their default settings.

Same tables, same rows for a booking, same tokens. What a team would have after a week, and what ours is laid beside.
"""
