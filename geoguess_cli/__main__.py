"""`python -m geoguess_cli`, the same as `geoguess`."""

from geoguess_cli.app import main

if __name__ == "__main__":
    main()
