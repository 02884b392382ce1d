// Usage: node winston.js URL TENANT LOGS [batch]: logs through winston's own Http transport.
const winston = require('winston');

const [, , target, tenant, logs, mode] = process.argv;
const url = new URL(target);
const transport = new winston.transports.Http({
  host: url.hostname,
  port: Number(url.port),
  path: url.pathname,
  headers: { 'X-Tenant-ID': tenant },
  ...(mode === 'batch' ? { batch: true, batchInterval: 200, batchCount: 10 } : {}),
});
const logger = winston.createLogger({ format: winston.format.json(), transports: [transport] });
for (let i = 0; i < Number(logs); i += 1) logger.warn(`log ${i} of 555-0199: café ✓`, { position: i });
