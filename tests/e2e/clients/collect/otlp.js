// Usage: node otlp.js URL LOGS MODE: logs through OpenTelemetry's SDK; MODE is json or proto.
const { SeverityNumber } = require('@opentelemetry/api-logs');
const { BatchLogRecordProcessor, LoggerProvider } = require('@opentelemetry/sdk-logs');

const [, , base, count, mode] = process.argv;
const { OTLPLogExporter } = require(`@opentelemetry/exporter-logs-otlp-${mode === 'json' ? 'http' : 'proto'}`);

const exporter = new OTLPLogExporter({
  url: `${base}/v1/logs`,
  timeoutMillis: 60000, // Of all tries of a batch together.
  compression: mode === 'json' ? 'gzip' : 'none',
});
const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter, maxExportBatchSize: 10 })] });
const logger = provider.getLogger('shop');
for (let i = 0; i < Number(count); i += 1) {
  logger.emit({
    severityNumber: SeverityNumber.WARN,
    severityText: 'WARN',
    body: `log ${i} of 555-0199: café ✓`,
    attributes: { position: i },
  });
}
provider.forceFlush().finally(() => provider.shutdown()); // A shutdown ends what is tried again.
