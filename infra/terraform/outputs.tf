# The CloudFormation template's outputs, in Terraform's spelling.
output "api_id" {
  description = "Id of the HTTP API."
  value       = aws_apigatewayv2_api.api.id
}

output "api_endpoint" {
  description = "Base URL of the HTTP API on AWS."
  value       = aws_apigatewayv2_api.api.api_endpoint
}

output "queue_url" {
  description = "URL of the queue."
  value       = aws_sqs_queue.queue.url
}

output "queue_arn" {
  description = "ARN of the queue."
  value       = aws_sqs_queue.queue.arn
}

output "dead_letter_queue_url" {
  description = "URL of the dead-letter queue."
  value       = aws_sqs_queue.dead_letters.url
}

output "dead_letter_queue_arn" {
  description = "ARN of the dead-letter queue."
  value       = aws_sqs_queue.dead_letters.arn
}

output "stream_name" {
  description = "Name of the Kinesis stream."
  value       = aws_kinesis_stream.stream.name
}

output "table_name" {
  description = "Name of the DynamoDB table."
  value       = local.table_name
}

output "access_table_name" {
  description = "Name of the table of API keys and quotas."
  value       = aws_dynamodb_table.access.name
}

output "ingest_function_name" {
  description = "Name of the ingest function."
  value       = aws_lambda_function.ingest.function_name
}

output "consumer_function_name" {
  description = "Name of the consumer function."
  value       = aws_lambda_function.consumer.function_name
}

output "ingest_role_name" {
  description = "Name of the ingest function's role."
  value       = aws_iam_role.ingest.name
}

output "consumer_role_name" {
  description = "Name of the consumer function's role."
  value       = aws_iam_role.consumer.name
}

output "reader_function_name" {
  description = "Name of the reader function."
  value       = one(aws_lambda_function.reader[*].function_name)
}

output "reader_role_name" {
  description = "Name of the reader function's role."
  value       = one(aws_iam_role.reader[*].name)
}

output "reader_log_group_name" {
  description = "Log group of the reader function."
  value       = one(aws_cloudwatch_log_group.reader[*].name)
}

output "ingest_log_group_name" {
  description = "Log group of the ingest function."
  value       = aws_cloudwatch_log_group.ingest.name
}

output "consumer_log_group_name" {
  description = "Log group of the consumer function."
  value       = aws_cloudwatch_log_group.consumer.name
}

output "queue_mapping_id" {
  description = "Id of the mapping from the queue to the consumer function."
  value       = aws_lambda_event_source_mapping.queue.uuid
}

output "stream_arn" {
  description = "ARN of the Kinesis stream."
  value       = aws_kinesis_stream.stream.arn
}

output "table_arn" {
  description = "ARN of the DynamoDB table."
  value       = local.table_arn
}

output "api_log_group_name" {
  description = "Log group of the API's access logs."
  value       = aws_cloudwatch_log_group.api.name
}

output "logs_per_message" {
  description = "Logs that a queue message may hold; who counts messages counts no logs."
  value       = tostring(var.logs_per_message)
}

output "log_id_buckets" {
  description = "Ranges of keys that generated log ids spread over; who reads by time merges them."
  value       = tostring(var.log_id_buckets)
}

output "tenant_reader_role_name" {
  description = "Name of the role that reads one tenant's rows."
  value       = aws_iam_role.tenant_reader.name
}

output "tenant_reader_role_arn" {
  description = "ARN of the role that reads one tenant's rows."
  value       = aws_iam_role.tenant_reader.arn
}

output "lake_table_bucket_arn" {
  description = "ARN of the lake's S3 table bucket."
  value       = one(aws_s3tables_table_bucket.lake[*].arn)
}

output "lake_role_arn" {
  description = "ARN of the role that fills the lake."
  value       = one(aws_iam_role.lake[*].arn)
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard."
  value       = aws_cloudwatch_dashboard.dashboard.dashboard_name
}
