locals {
  # Title, statistic and metrics of each graph, two in a row.
  graphs = [
    {
      title = "Requests"
      stat  = "Sum"
      metrics = [
        ["AWS/ApiGateway", "Count", "ApiId", aws_apigatewayv2_api.api.id],
        ["AWS/ApiGateway", "4xx", "ApiId", aws_apigatewayv2_api.api.id],
        ["AWS/ApiGateway", "5xx", "ApiId", aws_apigatewayv2_api.api.id],
      ]
    },
    {
      title = "Latency of a request, ms"
      stat  = "Sum"
      metrics = [
        ["AWS/ApiGateway", "Latency", "ApiId", aws_apigatewayv2_api.api.id, { stat = "p50" }],
        ["AWS/ApiGateway", "Latency", "ApiId", aws_apigatewayv2_api.api.id, { stat = "p99" }],
      ]
    },
    {
      title = "Logs by outcome"
      stat  = "Sum"
      metrics = [
        ["RobustDataProcessor", "accepted", "service", "ingest", "stack", var.name],
        ["RobustDataProcessor", "stored", "service", "consumer", "stack", var.name],
        ["RobustDataProcessor", "duplicate", "service", "consumer", "stack", var.name],
        ["RobustDataProcessor", "conflict", "service", "consumer", "stack", var.name],
        ["RobustDataProcessor", "quarantined", "service", "consumer", "stack", var.name],
        ["RobustDataProcessor", "deferred", "service", "consumer", "stack", var.name],
        ["RobustDataProcessor", "retried", "service", "consumer", "stack", var.name],
      ]
    },
    {
      title = "From acceptance to row, ms"
      stat  = "Sum"
      metrics = [
        ["RobustDataProcessor", "end_to_end_ms", "service", "consumer", "stack", var.name, { stat = "p50" }],
        ["RobustDataProcessor", "end_to_end_ms", "service", "consumer", "stack", var.name, { stat = "p99" }],
      ]
    },
    {
      title = "Messages waiting, in flight and dead"
      stat  = "Maximum"
      metrics = [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.queue.name],
        ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", aws_sqs_queue.queue.name],
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.dead_letters.name],
      ]
    },
    {
      title = "Age of the oldest message, s"
      stat  = "Maximum"
      metrics = [
        ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", aws_sqs_queue.queue.name],
      ]
    },
    {
      title = "Functions: errors and throttles"
      stat  = "Sum"
      metrics = [
        ["AWS/Lambda", "Errors", "FunctionName", aws_lambda_function.ingest.function_name],
        ["AWS/Lambda", "Throttles", "FunctionName", aws_lambda_function.ingest.function_name],
        ["AWS/Lambda", "Errors", "FunctionName", aws_lambda_function.consumer.function_name],
        ["AWS/Lambda", "Throttles", "FunctionName", aws_lambda_function.consumer.function_name],
        ["AWS/Lambda", "Errors", "FunctionName", "${var.name}-reader"],
        ["AWS/Lambda", "Throttles", "FunctionName", "${var.name}-reader"],
      ]
    },
    {
      title = "Functions: at once"
      stat  = "Maximum"
      metrics = [
        ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", aws_lambda_function.ingest.function_name],
        ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", aws_lambda_function.consumer.function_name],
        ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", "${var.name}-reader"],
      ]
    },
    {
      title = "Stream: in, refused, and logs left to the consumer"
      stat  = "Sum"
      metrics = [
        ["AWS/Kinesis", "IncomingRecords", "StreamName", aws_kinesis_stream.stream.name],
        ["AWS/Kinesis", "WriteProvisionedThroughputExceeded", "StreamName", aws_kinesis_stream.stream.name],
        ["RobustDataProcessor", "stream_failures", "service", "ingest", "stack", var.name],
      ]
    },
    {
      title = "Stream: how far readers are behind, ms"
      stat  = "Maximum"
      metrics = [
        ["AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName", aws_kinesis_stream.stream.name],
      ]
    },
    {
      title = "Table: write units and throttles"
      stat  = "Sum"
      metrics = [
        ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", local.table_name],
        ["AWS/DynamoDB", "WriteThrottleEvents", "TableName", local.table_name],
      ]
    },
    {
      title = "Refused requests and failed enqueues"
      stat  = "Sum"
      metrics = [
        ["RobustDataProcessor", "enqueue_failures", "service", "ingest", "stack", var.name],
        [{ expression = "SEARCH('{RobustDataProcessor,reason,service,stack} MetricName=\"rejected\" service=\"ingest\" stack=\"${var.name}\"', 'Sum', 60)", id = "rejected" }],
      ]
    },
    {
      title = "Reads: pages, logs and refused requests"
      stat  = "Sum"
      metrics = [
        ["RobustDataProcessor", "reads", "service", "reader", "stack", var.name],
        ["RobustDataProcessor", "logs_read", "service", "reader", "stack", var.name],
        [{ expression = "SEARCH('{RobustDataProcessor,reason,service,stack} MetricName=\"rejected\" service=\"reader\" stack=\"${var.name}\"', 'Sum', 60)", id = "refused_reads" }],
      ]
    },
    {
      title = "Latency of a read, ms"
      stat  = "Sum"
      metrics = [
        ["RobustDataProcessor", "read_latency_ms", "service", "reader", "stack", var.name, { stat = "p50" }],
        ["RobustDataProcessor", "read_latency_ms", "service", "reader", "stack", var.name, { stat = "p99" }],
      ]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "dashboard" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [for i, graph in local.graphs : {
      type   = "metric"
      x      = 12 * (i % 2)
      y      = 6 * floor(i / 2)
      width  = 12
      height = 6
      properties = {
        title   = graph.title
        region  = data.aws_region.current.id
        stat    = graph.stat
        period  = 60
        view    = "timeSeries"
        metrics = graph.metrics
      }
    }]
  })
}
