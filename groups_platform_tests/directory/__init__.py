"""Tests of groups_platform.directory. Their names begin with the number of the promise in the contract, D1 to D14."""
