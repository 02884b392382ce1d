"""The embedded engine: MiniStack as a child process that stands for an AWS account on this machine."""
