// Usage: node splunk.js URL LOGS: logs through winston into winston-splunk-httplogger.
const winston = require('winston');
const SplunkStreamEvent = require('winston-splunk-httplogger');

const [, , base, count] = process.argv;
const url = `${base}/services/collector/event/1.0`;
const transport = new SplunkStreamEvent({ splunk: { url, path: new URL(url).pathname, token: 'key' } });
let left = Number(count);
transport.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
});
transport.on('logged', () => { // Behind an error, too.
  left -= 1;
  if (left === 0) process.exit(); // Its timer would keep it running.
});
const logger = winston.createLogger({ transports: [transport] });
for (let i = 0; i < Number(count); i += 1) logger.warn(`log ${i} of 555-0199: café ✓`, { position: i });
