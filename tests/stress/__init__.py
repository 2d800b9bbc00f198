"""The product under stress: real processes, a real database, real faults.

`make test` runs it short, `make stress` long. To read, in this order:

    races.py       members and staff who want the same thing at the same moment
    turns.py       the same, in an order that we decide
    breakdowns.py  what breaks while a crowd is booking
    planted.py     the faults that we plant, and what has to report each of them

    trial.py       one scenario: begins with an empty book, ends with all judged
    history.py     was every answer true? (test_history.py: can it tell?)
    findings.py    what can be found wrong, by name

    site.py, gym.py, client.py, database.py    the running product, and who uses it
    crowd.py, proxy.py, watch.py, planting.py  the tools
    size.py, figures.py                        how long it runs, what it measured
"""
