"""`python -m linktime.contract`: prints how many parts of the contract have which evidence."""

import sys

from .evidence import KINDS, table
from .operations import Contract

sys.stdout.write(" " * 10 + "".join(f"{kind:>12}" for kind in KINDS) + "\n")
for what, counts in table(Contract.shipped()).items():
    sys.stdout.write(f"{what:<10}" + "".join(f"{count:>12}" for count in counts) + "\n")
