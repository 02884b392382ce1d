"""HTTP in; queue and stream out. `handler` is the Lambda entry, `message` the contract the consumer shares."""
