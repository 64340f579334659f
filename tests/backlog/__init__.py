"""A hospital that is years old, in seconds: rows of one story multiplied, and every statement of a patient's way seen.

rows.py        what grows, and how a story becomes a million
story.py       one patient through everything, and the staff who look on
statements.py  the statements that are really issued: their plans, their times
"""
