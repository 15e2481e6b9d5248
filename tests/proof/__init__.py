"""
The proof that no record is lost, doubled, changed or out of order, whatever is killed, cut or full.
"""
