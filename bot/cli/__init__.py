"""The subcommands of `hocvuso`, one file a group. Each imports what it needs when it runs, so that
`--help` answers at once."""
