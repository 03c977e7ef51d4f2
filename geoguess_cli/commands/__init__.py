"""The verbs: the only code that parses options, prints or exits."""
