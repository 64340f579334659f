"""`python -m tests.acceptance.loading MODULE …`: the module as a program that loads without looking for garbage.

The tests start hundreds of processes, and loading is most of what they do: a fifth of it is the search for garbage,
where there is none yet. The module turns it on again (`gc.enable`) when it has loaded.
"""

import gc
import runpy
import sys

if __name__ == "__main__":
    gc.disable()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
