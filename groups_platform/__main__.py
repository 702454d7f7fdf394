"""Makes `python -m groups_platform` the same as `groups-platform`."""

from groups_platform.cli import main

if __name__ == "__main__":
    main()
