"""`python -m unstuck`: the same as `unstuck`."""

from unstuck.cli import main

if __name__ == "__main__":
    main()
