variable "name" {
  description = "Prefix of every name; the stack's name in CloudFormation."
  type        = string
  default     = "rdp"

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{0,39}$", var.name))
    error_message = "name is 1 to 40 letters, digits and hyphens, a letter first."
  }
}

variable "ingest_package" {
  description = "Path of the ingest function's package, as rdp package makes it."
  type        = string
}

variable "consumer_package" {
  description = "Path of the consumer function's package, as rdp package makes it."
  type        = string
}

variable "runtime" {
  description = "Lambda runtime; the packages must be built for it."
  type        = string
  default     = "python3.13"

  validation {
    condition     = contains(["python3.12", "python3.13"], var.runtime)
    error_message = "runtime is one of python3.12, python3.13."
  }
}

variable "architecture" {
  description = "Lambda instruction set; the packages must be built for it."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is one of arm64, x86_64."
  }
}

variable "stream_sub_keys" {
  description = "Hash keys that one tenant's stream records spread over. Above 1, order holds per sub-key only."
  type        = number
  default     = 1

  validation {
    condition     = var.stream_sub_keys >= 1 && var.stream_sub_keys <= 128
    error_message = "stream_sub_keys is 1 to 128."
  }
}

variable "log_id_buckets" {
  description = "Ranges of keys that a tenant's generated log ids spread over. Each takes 1,000 writes a second."
  type        = number
  default     = 1

  validation {
    condition     = var.log_id_buckets >= 1 && var.log_id_buckets <= 64
    error_message = "log_id_buckets is 1 to 64."
  }
}

variable "logs_per_message" {
  description = "Logs of one tenant and one request that may share a queue message. Above 1 the queue costs less."
  type        = number
  default     = 1

  validation {
    condition     = var.logs_per_message >= 1 && var.logs_per_message <= 1000
    error_message = "logs_per_message is 1 to 1000."
  }
}

variable "stream_budget_milliseconds" {
  description = "Time that one request may spend on the stream before the consumer takes it over."
  type        = number
  default     = 500

  validation {
    condition     = var.stream_budget_milliseconds >= 0 && var.stream_budget_milliseconds <= 5000
    error_message = "stream_budget_milliseconds is 0 to 5000."
  }
}

variable "ingest_memory_megabytes" {
  description = "Memory of the ingest function, and with it its share of a CPU."
  type        = number
  default     = 512

  validation {
    condition     = var.ingest_memory_megabytes >= 128 && var.ingest_memory_megabytes <= 10240
    error_message = "ingest_memory_megabytes is 128 to 10240."
  }
}

variable "throttling_rate_limit" {
  description = "Requests a second, in the long run, that the API lets through. Above it answers 429."
  type        = number
  default     = 1000

  validation {
    condition     = var.throttling_rate_limit >= 1 && var.throttling_rate_limit <= 10000
    error_message = "throttling_rate_limit is 1 to 10000."
  }
}

variable "throttling_burst_limit" {
  description = "Requests that the API lets through at once."
  type        = number
  default     = 2000

  validation {
    condition     = var.throttling_burst_limit >= 1 && var.throttling_burst_limit <= 5000
    error_message = "throttling_burst_limit is 1 to 5000."
  }
}

variable "require_tls" {
  description = "Whether the queues refuse calls without TLS. false only for an engine that speaks plain HTTP."
  type        = bool
  default     = true
}

variable "seconds_per_char" {
  description = "Simulated processing time of one character, in seconds. 0 in production."
  type        = number
  default     = 0.05

  validation {
    condition     = var.seconds_per_char >= 0 && var.seconds_per_char <= 1
    error_message = "seconds_per_char is 0 to 1."
  }
}

variable "crash_probability" {
  description = "Share of deliveries that crash on purpose. 0 in production."
  type        = number
  default     = 0.05

  validation {
    condition     = var.crash_probability >= 0 && var.crash_probability <= 1
    error_message = "crash_probability is 0 to 1."
  }
}

variable "crash_point" {
  description = "Where a simulated crash strikes."
  type        = string
  default     = "before_work"

  validation {
    condition     = contains(["before_work", "before_write", "after_write"], var.crash_point)
    error_message = "crash_point is one of before_work, before_write, after_write."
  }
}

variable "crash_mode" {
  description = "How a simulated crash strikes, as an exception or as the death of the process."
  type        = string
  default     = "raise"

  validation {
    condition     = contains(["raise", "exit"], var.crash_mode)
    error_message = "crash_mode is one of raise, exit."
  }
}

variable "crash_seed" {
  description = "Seed of the simulated crashes; the same seed crashes the same deliveries."
  type        = string
  default     = ""
}

variable "redaction_rules" {
  description = "Comma-separated names of the redaction rules."
  type        = string
  default     = "phone"
}

variable "redaction_patterns" {
  description = "JSON list of further regular expressions to redact, or empty."
  type        = string
  default     = ""
}

variable "retention_days" {
  description = "Days until a stored log expires. 0 keeps it for ever."
  type        = number
  default     = 0

  validation {
    condition     = var.retention_days >= 0 && var.retention_days <= 3650
    error_message = "retention_days is 0 to 3650."
  }
}

variable "batch_size" {
  description = "Logs in one consumer invocation at most. Above 10, batching_window_seconds must be at least 1."
  type        = number
  default     = 5

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 10000
    error_message = "batch_size is 1 to 10000."
  }

  validation {
    condition     = var.batch_size <= 10 || var.batching_window_seconds >= 1
    error_message = "batch_size over 10 needs batching_window_seconds of at least 1."
  }
}

variable "batching_window_seconds" {
  description = "Time that SQS gathers a batch for, in seconds."
  type        = number
  default     = 0

  validation {
    condition     = var.batching_window_seconds >= 0 && var.batching_window_seconds <= 300
    error_message = "batching_window_seconds is 0 to 300."
  }
}

variable "visibility_timeout_seconds" {
  description = "Time until an unacknowledged message returns. AWS asks for six times consumer_timeout_seconds."
  type        = number
  default     = 300

  validation {
    condition     = var.visibility_timeout_seconds >= 0 && var.visibility_timeout_seconds <= 43200
    error_message = "visibility_timeout_seconds is 0 to 43200."
  }

  validation {
    condition     = var.visibility_timeout_seconds >= 6 * var.consumer_timeout_seconds
    error_message = "visibility_timeout_seconds must be at least six times consumer_timeout_seconds: else a message returns while it is worked on."
  }
}

variable "max_receive_count" {
  description = "Receives after which SQS moves a message to the dead-letter queue. A long log's deferral is one: so 2 at least."
  type        = number
  default     = 5

  validation {
    condition     = var.max_receive_count >= 2 && var.max_receive_count <= 1000
    error_message = "max_receive_count is 2 to 1000."
  }
}

variable "consumer_timeout_seconds" {
  description = "Timeout of one consumer invocation."
  type        = number
  default     = 50

  validation {
    condition     = var.consumer_timeout_seconds >= 1 && var.consumer_timeout_seconds <= 900
    error_message = "consumer_timeout_seconds is 1 to 900."
  }
}

variable "consumer_memory_megabytes" {
  description = "Memory of the consumer function, and with it its share of a CPU."
  type        = number
  default     = 512

  validation {
    condition     = var.consumer_memory_megabytes >= 128 && var.consumer_memory_megabytes <= 10240
    error_message = "consumer_memory_megabytes is 128 to 10240."
  }
}

variable "maximum_concurrency" {
  description = "Consumer invocations at once, 2 at least; the rest of the account's concurrency is left for ingest. 0 sets no limit."
  type        = number
  default     = 100

  validation {
    condition     = var.maximum_concurrency >= 0 && var.maximum_concurrency <= 1000
    error_message = "maximum_concurrency is 0 to 1000."
  }

  validation {
    condition     = var.maximum_concurrency != 1
    error_message = "maximum_concurrency is 2 to 1000, or 0 for no limit."
  }
}

variable "stream_mode" {
  description = "Whether Kinesis finds the number of shards or shard_count says it."
  type        = string
  default     = "ON_DEMAND"

  validation {
    condition     = contains(["ON_DEMAND", "PROVISIONED"], var.stream_mode)
    error_message = "stream_mode is one of ON_DEMAND, PROVISIONED."
  }
}

variable "shard_count" {
  description = "Shards of a PROVISIONED stream. Each takes 1 MB/s or 1,000 records/s. A change, also from ON_DEMAND, is to half or to double the shards that the stream has now at most."
  type        = number
  default     = 4

  validation {
    condition     = var.shard_count >= 1 && var.shard_count <= 500
    error_message = "shard_count is 1 to 500."
  }
}

variable "stream_retention_hours" {
  description = "Hours that the stream keeps a log for replay and rebuild."
  type        = number
  default     = 168

  validation {
    condition     = var.stream_retention_hours >= 24 && var.stream_retention_hours <= 8760
    error_message = "stream_retention_hours is 24 to 8760."
  }
}

variable "lake" {
  description = "Whether there is an S3 table bucket for `rdp lake sync`, and a role that may fill it. Wants a name in lower case."
  type        = bool
  default     = false
}

variable "point_in_time_recovery" {
  description = "Whether the table can be restored to any second of the last 35 days."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether the stack's tables refuse to be deleted. true in production."
  type        = bool
  default     = false
}

variable "restored_table_name" {
  description = "Table of this account and region that the stack uses in place of its own, which stays as it is. Empty for its own."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^[a-zA-Z0-9_.-]{3,255}$", var.restored_table_name))
    error_message = "restored_table_name is the name of a table, or empty."
  }
}

variable "log_retention_days" {
  description = "Days that the functions' and the API's own logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "alarm_topic_arn" {
  description = "SNS topic that every alarm tells when it goes off and when it is over, or empty."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^arn:[^:]+:sns:[^:]+:[0-9]{12}:.+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn is the ARN of an SNS topic, or empty."
  }
}

variable "oldest_message_alarm_seconds" {
  description = "Age of the oldest queued log from which an alarm goes off. More than the longest simulated delay."
  type        = number
  default     = 900

  validation {
    condition     = var.oldest_message_alarm_seconds >= 1 && var.oldest_message_alarm_seconds <= 345600
    error_message = "oldest_message_alarm_seconds is 1 to 345600."
  }
}

variable "ingest_latency_alarm_milliseconds" {
  description = "99th percentile of the API's latency from which an alarm goes off."
  type        = number
  default     = 1000

  validation {
    condition     = var.ingest_latency_alarm_milliseconds >= 1 && var.ingest_latency_alarm_milliseconds <= 30000
    error_message = "ingest_latency_alarm_milliseconds is 1 to 30000."
  }
}

variable "maximum_message_bytes" {
  description = "Largest message of both queues. 1 MiB is SQS's; the provider before 6.8 only knows the 262144 of old, with which a log of many escaped characters is refused by the queue."
  type        = number
  default     = 1048576

  validation {
    condition     = contains([262144, 1048576], var.maximum_message_bytes)
    error_message = "maximum_message_bytes is 1048576, or 262144 with a provider before 6.8."
  }
}

variable "authentication" {
  description = "Who may send logs: none (anybody, for any tenant), api_key or jwt (the key's or token's tenant)."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "api_key", "jwt"], var.authentication)
    error_message = "authentication is one of none, api_key, jwt."
  }
}

variable "jwt_issuer" {
  description = "Issuer URL of the tokens, for authentication = jwt."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^https?://.+$", var.jwt_issuer)) && (var.authentication != "jwt" || var.jwt_issuer != "")
    error_message = "jwt_issuer is a URL; authentication = jwt needs one."
  }
}

variable "jwt_audience" {
  description = "Audience that a token must have, for authentication = jwt."
  type        = string
  default     = ""

  validation {
    condition     = var.authentication != "jwt" || var.jwt_audience != ""
    error_message = "authentication = jwt needs jwt_audience."
  }
}

variable "tenant_attribute" {
  description = "OpenTelemetry resource attribute that names the tenant of its logs, such as service.namespace; empty for none. With authentication it must name the credential's tenant."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^.{0,128}$", var.tenant_attribute))
    error_message = "tenant_attribute is at most 128 characters."
  }
}

variable "jwt_tenant_claim" {
  description = "Claim of a token that names its tenant, for authentication = jwt."
  type        = string
  default     = "tenant_id"

  validation {
    condition     = can(regex("^.{1,128}$", var.jwt_tenant_claim))
    error_message = "jwt_tenant_claim is 1 to 128 characters."
  }
}

variable "tenant_logs_per_minute" {
  description = "Logs that a tenant may send in a minute, with authentication only. 0 sets no limit."
  type        = number
  default     = 0

  validation {
    condition     = var.tenant_logs_per_minute >= 0
    error_message = "tenant_logs_per_minute is 0 or more."
  }
}

variable "tenant_reads_per_minute" {
  description = "Requests to GET /logs that a tenant may make in a minute. Each reads 6,000 logs at most. 0 sets no limit."
  type        = number
  default     = 0

  validation {
    condition     = var.tenant_reads_per_minute >= 0
    error_message = "tenant_reads_per_minute is 0 or more."
  }
}

variable "cors_allow_origin" {
  description = "Origin whose pages may read GET /logs in a browser, such as https://logs.example.com, or * for all. Empty for none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^\\*$|^https?://[^/]+$", var.cors_allow_origin))
    error_message = "cors_allow_origin is empty, * or an origin without a path."
  }
}

variable "tenant_bytes_per_minute" {
  description = "Bytes of request bodies that a tenant may send in a minute, with authentication only. 0 sets no limit."
  type        = number
  default     = 0

  validation {
    condition     = var.tenant_bytes_per_minute >= 0
    error_message = "tenant_bytes_per_minute is 0 or more."
  }
}
