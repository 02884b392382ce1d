// Usage: node pino.js URL TENANT LOGS json|ndjson: logs through pino into pino-http-send.
const pino = require('pino');
const { createWriteStream } = require('pino-http-send');

const [, , target, tenant, logs, bodyType] = process.argv;
const url = new URL(target);
url.searchParams.set('tenant_id', tenant);
const logger = pino(createWriteStream({ url: url.href, bodyType, batchSize: 10, timeout: 200 }));
for (let i = 0; i < Number(logs); i += 1) logger.warn({ position: i }, `log ${i} of 555-0199: café ✓`);
