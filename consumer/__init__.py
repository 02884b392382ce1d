"""SQS batch in; rows out. `handler` is the Lambda entry, `replay` reads the stream back."""
