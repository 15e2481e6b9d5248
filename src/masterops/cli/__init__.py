"""
`ops`: one command line for daily work. A command parses, calls one feature, prints.
"""
