"""
The twin of HubSpot: accounts with contacts, companies, deals and more, behind HubSpot's own paths.
"""
