// Usage: node loki.js URL LOGS MODE: logs through winston-loki (MODE json or proto) or pino-loki (MODE pino).
const [, , base, count, mode] = process.argv;
const { origin: host, pathname } = new URL(base);

const headers = { 'X-Scope-OrgID': pathname.split('/').pop() };
const labels = { app: 'shop' };
const lines = Array.from({ length: Number(count) }, (_, i) => `log ${i} of 555-0199: café ✓`);
if (mode === 'pino') {
  const pino = require('pino');
  const { pinoLoki } = require('pino-loki');
  const stream = pinoLoki({ host, headers, labels, batching: { interval: 1 } });
  const logger = pino({ base: null }, stream);
  lines.forEach((line, i) => logger.warn({ position: i }, line));
  stream.end();
} else {
  const winston = require('winston');
  const LokiTransport = require('winston-loki');
  const onConnectionError = (error) => { console.error(error); process.exitCode = 1; };
  const format = winston.format.printf(({ message }) => message);
  const transport = new LokiTransport({
    host, headers, labels, json: mode === 'json', format, interval: 1, onConnectionError, replaceTimestamp: false, timeout: 120000,
  });
  const logger = winston.createLogger({ transports: [transport] });
  lines.forEach((line, i) => logger.warn(line, { position: i }));
  const tried = transport.flush().catch(onConnectionError);
  tried.then(() => transport.close()); // What was not taken is sent once more. Its loop would keep it running.
}
