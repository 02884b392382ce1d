// Usage: node winston-elasticsearch.js URL LOGS: logs through winston into winston-elasticsearch.
const winston = require('winston');
const { ElasticsearchTransport } = require('winston-elasticsearch');

const [, , node, count] = process.argv;
const transport = new ElasticsearchTransport({ clientOpts: { node }, indexPrefix: 'logs-shop', flushInterval: 200 });
const logger = winston.createLogger({ transports: [transport] });
for (let i = 0; i < Number(count); i += 1) logger.warn(`log ${i} of 555-0199: café ✓`, { position: i });
