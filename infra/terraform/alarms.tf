# Each has its section in infra/RUNBOOK.md.
locals {
  alarms = {
    oldest-message = {
      description = "A log waits too long in the queue."
      namespace   = "AWS/SQS"
      metric      = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = aws_sqs_queue.queue.name }
      statistic   = "Maximum"
      threshold   = var.oldest_message_alarm_seconds
      period      = 60
      of          = [5, 5]
    }
    dead-letters = {
      description = "The dead-letter queue is not empty."
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = aws_sqs_queue.dead_letters.name }
      statistic   = "Maximum"
      threshold   = 0
      period      = 60
      of          = [1, 10] # On at the first minute; off after ten, because a look that was killed hides the messages for five.
    }
    dead-letter-age = {
      description = "Dead letters lie for three days and are deleted after ten to fourteen."
      namespace   = "AWS/SQS"
      # Not the age: that counts from the move, the deletion from the first enqueueing, and a look removes messages from it.
      metric     = "ApproximateNumberOfMessagesVisible"
      dimensions = { QueueName = aws_sqs_queue.dead_letters.name }
      statistic  = "Maximum"
      threshold  = 0
      period     = 3600
      of         = [66, 72] # Six hours may be without data, or with every message hidden.
    }
    ingest-errors = {
      description = "The API answers 5xx."
      namespace   = "AWS/ApiGateway"
      metric      = "5xx"
      dimensions  = { ApiId = aws_apigatewayv2_api.api.id }
      statistic   = "Sum"
      threshold   = 0
      period      = 60
      of          = [2, 3]
    }
    ingest-latency = {
      description = "The API is slow."
      namespace   = "AWS/ApiGateway"
      metric      = "Latency"
      dimensions  = { ApiId = aws_apigatewayv2_api.api.id }
      statistic   = "p99"
      threshold   = var.ingest_latency_alarm_milliseconds
      period      = 60
      of          = [3, 5]
    }
    ingest-throttles = {
      description = "Lambda refuses to run the ingest function."
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = aws_lambda_function.ingest.function_name }
      statistic   = "Sum"
      threshold   = 0
      period      = 60
      of          = [2, 3]
    }
    consumer-errors = {
      description = "The consumer function fails or times out."
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      dimensions  = { FunctionName = aws_lambda_function.consumer.function_name }
      statistic   = "Sum"
      threshold   = 0
      period      = 60
      of          = [3, 5]
    }
    consumer-throttles = {
      description = "Lambda refuses to run the consumer function."
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = aws_lambda_function.consumer.function_name }
      statistic   = "Sum"
      threshold   = 0
      period      = 60
      of          = [3, 5]
    }
    reader-errors = {
      description = "The reader function fails or times out."
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      dimensions  = { FunctionName = "${var.name}-reader" }
      statistic   = "Sum"
      threshold   = 0
      period      = 60
      of          = [3, 5]
    }
    reader-throttles = {
      description = "Lambda refuses to run the reader function."
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = "${var.name}-reader" }
      statistic   = "Sum"
      threshold   = 0
      period      = 60
      of          = [3, 5]
    }
    stream-throttles = {
      description = "The stream refuses records for want of capacity."
      namespace   = "AWS/Kinesis"
      metric      = "WriteProvisionedThroughputExceeded"
      dimensions  = { StreamName = aws_kinesis_stream.stream.name }
      statistic   = "Sum"
      threshold   = 0
      period      = 60
      of          = [3, 5]
    }
    iterator-age = {
      description = "A reader of the stream is an hour behind."
      namespace   = "AWS/Kinesis"
      metric      = "GetRecords.IteratorAgeMilliseconds"
      dimensions  = { StreamName = aws_kinesis_stream.stream.name }
      statistic   = "Maximum"
      threshold   = 3600000
      period      = 60
      of          = [5, 5]
    }
  }
  alarm_actions = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each = { for name, alarm in local.alarms : name => alarm if local.authenticated == 1 || !startswith(name, "reader-") }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.description} Runbook, ${each.key}."
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  period              = each.value.period
  datapoints_to_alarm = each.value.of[0]
  evaluation_periods  = each.value.of[1]
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}
