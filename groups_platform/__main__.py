"""`python -m groups_platform …` is `groups-platform …`."""

from groups_platform.cli import main

if __name__ == "__main__":
    main()
