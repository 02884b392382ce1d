"""The embedded engine: MiniStack as a child process, which emulates an AWS account on this machine."""
