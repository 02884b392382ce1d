"""What the verbs take alike: which stack, whose credentials, template parameters, times."""
