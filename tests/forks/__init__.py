"""Programs of this package as forks of a process that has loaded what they load."""
