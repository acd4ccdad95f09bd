#!/usr/bin/env node
// SPDX-License-Identifier: MIT
//
// Pays the bonus of one worker over ngmtd's socket, and waits until it is done: pay.js WORKER REASON
//
// The rows must be known to the daemon (ngmtctl load results FILE, or a watched room). A second run pays nothing. The
// methods are those of ngmt-protocol(7), the exit status is ngmtctl(1)'s. Needs no module.
'use strict';

const net = require('net');
const readline = require('readline');

const SOCKET = process.env.NGMT_SOCKET || '/run/ngmt/ngmtd.sock';

class Daemon {
  constructor(path) {
    this.lastId = 0;
    this.waiting = new Map(); // id -> what takes the answer
    this.onProgress = () => {};
    this.socket = net.createConnection(path);
    this.broken = new Promise((unused, reject) => {
      this.socket.on('error', reject);
      this.socket.on('close', () => reject(new Error('the daemon has closed the connection')));
    });
    this.broken.catch(() => {});
    readline.createInterface({ input: this.socket }).on('error', () => {}).on('line', (line) => {
      const message = JSON.parse(line);
      if (message.method === 'progress') this.onProgress(message.params);
      else if (this.waiting.has(message.id)) this.waiting.get(message.id)(message);
    });
  }

  async call(method, params) {
    const id = ++this.lastId;
    const answer = new Promise((resolve) => this.waiting.set(id, resolve));
    this.socket.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }) + '\n');
    const message = await Promise.race([answer, this.broken]);
    this.waiting.delete(id);
    if (message.error) throw Object.assign(new Error(message.error.message), message.error.data);
    return message.result;
  }

  // Until everything is done, or waits for money.
  async follow(batch) {
    const over = (progress) => progress.finished || progress.waiting_for === 'funds';
    const last = new Promise((resolve) => {
      this.onProgress = (progress) => { if (over(progress)) resolve(progress); };
    });
    const first = await this.call('subscribe', { batch });
    return over(first) ? first : Promise.race([last, this.broken]);
  }
}

async function pay(worker, reason) {
  const daemon = new Daemon(SOCKET);
  await daemon.call('hello', { protocol: 1, client: 'pay.js' });
  const wish = { do: ['bonus'], reason, select: { worker } };
  const plan = await daemon.call('plan', wish);
  if (plan.nothing_to_do) {
    console.log(`nothing to pay: ${plan.why}`);
    return plan.groups.some((group) => ['hold', 'conflict'].includes(group.verdict)) ? 7 : 0;
  }
  // The digest makes sure that what is paid is what was planned.
  const { batch } = await daemon.call('apply', { ...wish, digest: plan.digest, command: 'pay.js' });
  const result = await daemon.follow(batch);
  console.log(`${result.environment}: ${result.bonuses} paid, ${(result.bonus_cents / 100).toFixed(2)} dollars ` +
              `and ${(result.fees_cents / 100).toFixed(2)} of fees`);
  if (!result.finished) return 6;
  return result.done === result.total ? 0 : 7;
}

if (process.argv.length !== 4) {
  console.error('usage: pay.js WORKER REASON');
  process.exit(2);
}
pay(process.argv[2], process.argv[3]).then((status) => process.exit(status), (problem) => {
  console.error(`pay.js: ${problem.message}${problem.hint ? ` (${problem.hint})` : ''}`);
  process.exit(problem.exit_status || 3);
});
