"""`python -m exhibit`: the same as the command `exhibit`."""

from exhibit_start import main

if __name__ == "__main__":
    main()
