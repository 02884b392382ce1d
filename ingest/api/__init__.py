"""What a request is and says: `request`, `tenant`, `record`, `parse`, and `dialects`, one file a way of speaking."""
