"""The demonstration: the real system on embedded servers, and a crowd of simulated patients who use it.

Nothing in production imports this package. It talks to the hospital over HTTP and `manage.py`, like anybody else.

    home.py         var/NAME: one run at a time, and no stray process of a run that was killed
    children.py     starting and stopping a child process
    engines.py      PostgreSQL and Valkey from wheels
    processes.py    the processes of the Procfile
    environment.py  the environment they run in
    stage.py        all of the above in order, until the hospital is ready
    people.py       made-up names, ID numbers and telephones
    hospital_api.py one patient's connection to the hospital
    patient.py      one patient, step by step
    crowd.py        all of them at once
    simulators.py   what the insurer and the payment institution say of themselves
    report.py       the figures, and what follows from them
    screen.py       the live picture; texts.py its words in two languages
    testing.py      bin/test
"""
