// BullMQ: `node bullmq_side.mjs worker`, or `node bullmq_side.mjs COUNT` to put jobs in.
import { createRequire } from "node:module";
import http from "node:http";

const { Queue, Worker } = createRequire(`${process.env.BESIDE}/`)("bullmq");
const AT_ONCE = 64;
const broker = new URL(process.env.BROKER);
const connection = { host: broker.hostname, port: Number(broker.port) };
const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
const note = "x".repeat(850);

function post(body) {
  const text = JSON.stringify(body);
  const headers = {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "webhook-id": body.id,
  };
  return new Promise((resolve, reject) => {
    const options = { method: "POST", agent, headers };
    const request = http.request(`${process.env.RECEIVER}/orders`, options, (answer) => {
      answer.resume();
      answer.on("end", () => (answer.statusCode < 300 ? resolve() : reject(new Error("refused"))));
    });
    request.on("error", reject);
    request.end(text);
  });
}

if (process.argv[2] === "worker") {
  new Worker("orders", (job) => post(job.data), {
    connection, concurrency: AT_ONCE, removeOnComplete: { count: 0 },
  });
} else {
  const queue = new Queue("orders", { connection, defaultJobOptions: { attempts: 3 } });
  await queue.waitUntilReady();
  console.log(Date.now() / 1000);
  const count = Number(process.argv[2]);
  for (let first = 0; first < count; first += AT_ONCE) {
    const group = [];
    for (let number = first; number < Math.min(first + AT_ONCE, count); number++) {
      const row = { id: `o${number}`, status: "shipped", total: "100.00", note };
      group.push(queue.add("deliver", row));
    }
    await Promise.all(group);
  }
  await queue.close();
}
