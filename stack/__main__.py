"""`python -m stack` is `orderpulse`."""

from stack.cli import main

main()
