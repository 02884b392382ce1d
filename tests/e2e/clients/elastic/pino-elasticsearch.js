// Usage: node pino-elasticsearch.js URL LOGS: logs through pino into pino-elasticsearch.
const pino = require('pino');
const pinoElastic = require('pino-elasticsearch');

const [, , node, count] = process.argv;
const stream = pinoElastic({ node, index: 'logs-shop', esVersion: 8, flushBytes: 500, flushInterval: 200 });
const failed = (error) => { console.error(error); process.exitCode = 1; };
stream.on('error', failed);
stream.on('insertError', failed);
const logger = pino(stream);
for (let i = 0; i < Number(count); i += 1) logger.warn({ position: i }, `log ${i} of 555-0199: café ✓`);
stream.end();
