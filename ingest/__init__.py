"""HTTP in; queue and stream out. `handler` is the Lambda's entry; `contract` is what the consumer shares."""
