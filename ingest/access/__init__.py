"""Who sends, and how much: API keys and tokens with their scopes, and the quotas of a tenant."""
