// bpmn-engine (npm) on the model of `make bench`, in one thread. Run by node, with the folder that has the packages.
//
//     node bpmn_engine.mjs MODEL COUNT FOLDER     prints one JSON object: lives a second of a core, in memory and with
//                                                 the state as JSON at the wait and once more at the end
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [model, count, folder] = process.argv.slice(2);
const { Engine } = createRequire(join(folder, 'node_modules', 'x.js'))('bpmn-engine');
const RUNS = 5;
const ANSWER = { approved: true, amount: 21, comment: 'ok' };

// It finds values in its output only, and a script says by a call that it is done.
const source = replaced(readFileSync(model, 'utf8'), [
  ['tFormalExpression">amount &gt; 20<', 'tFormalExpression" language="javascript">next(null, environment.output.amount &gt; 20)<'],
  ['name="Compute the total">', 'name="Compute the total" scriptFormat="javascript">'],
  ['total = amount * 2', 'environment.output.total = environment.output.amount * 2; next()'],
]);

function replaced(text, pairs) {
  for (const [from, to] of pairs) {
    if (!text.includes(from)) throw new Error(`the model has no ${from}`);
    text = text.replace(from, to);
  }
  return text;
}

// What a task was answered becomes the output.
const extensions = {
  answers(activity) {
    const keep = ({ content, environment }) => Object.assign(environment.output, content.output);
    return { activate: () => activity.type === 'bpmn:UserTask' && activity.on('end', keep), deactivate() {} };
  },
};

function answer(execution, engine) {
  execution.getPostponed().find((waiting) => waiting.id === 'Approve').signal(ANSWER);
  const { total } = execution.environment.output;
  if (engine.state !== 'idle' || total !== 42) throw new Error(`bpmn-engine is ${engine.state}, total ${total}`);
}

async function inMemory() {
  const engine = new Engine({ source, extensions });
  answer(await engine.execute(), engine);
}

async function waiting() {
  const engine = new Engine({ source, extensions });
  await engine.execute();
  const text = JSON.stringify(await engine.getState());
  engine.stop();
  return text;
}

async function stored() {
  const engine = new Engine({ extensions }).recover(JSON.parse(await waiting()));
  answer(await engine.resume(), engine);
  JSON.stringify(await engine.getState());
}

async function perSecond(life, lives) {
  const rates = [];
  for (let run = 0; run < RUNS; run += 1) {
    const before = process.cpuUsage();
    for (let made = 0; made < lives; made += 1) await life();
    const { user, system } = process.cpuUsage(before);
    rates.push(lives / ((user + system) / 1e6));
  }
  return rates.sort((a, b) => a - b)[RUNS >> 1];
}

for (let warm = 0; warm < 20; warm += 1) {
  await inMemory();
  await stored();
}
console.log(JSON.stringify({
  memory_per_s: await perSecond(inMemory, Number(count)),
  stored_per_s: await perSecond(stored, Math.max(1, Math.floor(Number(count) / 3))),
  waiting_bytes: (await waiting()).length,
}));
process.exit(0);
