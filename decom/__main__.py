"""`python -m decom`: arguments in, exit code out."""

from decom.cli import main

main()
