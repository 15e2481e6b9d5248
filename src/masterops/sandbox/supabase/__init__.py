"""
Supabase's twin: PostgREST on a real PostgreSQL; Auth, Storage and the Management API in memory.
"""
