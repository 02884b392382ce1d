// Usage: node elasticsearch.js URL LOGS: the bulk helper of the official client, which asks for gzip and api keys.
const { Client } = require('@elastic/elasticsearch');

const [, , node, count] = process.argv;
const logs = Number(count);

async function main() {
  const client = new Client({ node, auth: { apiKey: 'aWQ6a2V5' }, compression: true });
  const info = await client.info();
  if (info.tagline !== 'You Know, for Search') throw new Error(JSON.stringify(info));
  const documents = [];
  for (let i = 0; i < logs; i += 1) {
    if (i === Math.floor(logs / 2)) documents.push({ message: 'x'.repeat(170001), position: -1 });
    documents.push({ message: `log ${i} of 555-0199: café ✓`, 'log.level': 'warn', position: i });
  }
  const dropped = [];
  const result = await client.helpers.bulk({
    datasource: documents,
    flushInterval: 100,
    onDocument: () => ({ create: { _index: 'logs-shop' } }),
    onDrop: (document) => dropped.push(document.status),
  });
  if (result.successful !== logs || String(dropped) !== '400') throw new Error(JSON.stringify([result, dropped]));
}

main();
