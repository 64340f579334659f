"""The capacity of the line on paper: a day is played through patient by patient, and the figures read off.

Pure Python: no Django, no clock, no chance; the same question has the same answer everywhere. What it stands for is
named beside each rule, and tests keep its figures equal to those of the system.

    asked.py      the question: how many patients, when, n, m, limits, shares; what contradicts itself is refused
    facts.py      what is assumed and where it was measured: times, rows, bytes, processor time
    arrivals.py   when patients book: evenly, in a surge, over a morning, by a file
    filing.py     the filing tick: up to m records every so often
    interface.py  one insurer: permits, calls in flight, brakes, three lanes, the line that may be full
    course.py     what befell each patient, moment by moment
    day.py        all of it: from the bookings to the last that is completed
    rows.py       what is left in the database
    load.py       looks and processor time minute by minute, and the hosts for it
    series.py     how many stand somewhere at a time, percentiles
    figures.py    what is told of a day
    goals.py      the least n, the fewest insurers, the shortest hours for a wait that nobody exceeds
    chart.py      a series drawn in a terminal
    words.py, page.py    all of it in words (the only parts with Django: its translations)
"""
