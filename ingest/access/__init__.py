"""Who sends, and how much: API keys and tokens, and the quotas of a tenant."""
