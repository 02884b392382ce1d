"""The options that several verbs share: the stack, credentials, template parameters, times."""
