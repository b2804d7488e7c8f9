"""`python -m core.schemas`: write the generated documents."""

from core.schemas import write

if __name__ == "__main__":
    write()
