// Reads an RO-Crate by npm's ro-crate, and says what it found. usage: read_crate.mjs DIRECTORY
// tests/install.sh puts the library into ~/.cache/studyctl/npm.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(path.join(os.homedir(), '.cache/studyctl/npm/package.json'));
const { ROCrate } = require('ro-crate');
const directory = process.argv[2];
const crate = new ROCrate(JSON.parse(fs.readFileSync(path.join(directory, 'ro-crate-metadata.json'), 'utf8')),
                          { array: true, link: true });
const root = crate.rootDataset;
const fail = text => { console.log(text); process.exit(1); };
const ids = values => (values ?? []).map(value => value['@id']);

for (const profile of ['process/0.5', 'workflow/0.5'])
  if (!ids(root.conformsTo).includes('https://w3id.org/ro/wfrun/' + profile)) fail('does not conform to ' + profile);
for (const needed of ['name', 'description', 'datePublished', 'license'])
  if (!root[needed]?.length) fail('the root has no ' + needed);
const workflow = root.mainEntity?.[0];
if (!workflow?.['@type'].includes('ComputationalWorkflow')) fail('the main entity is no workflow');
if (!workflow.programmingLanguage?.[0]?.name) fail('the workflow has no language');

// Every link leads to an entity of the crate; what schema.org itself defines excepted.
const external = /^(https?:\/\/schema\.org\/|https:\/\/w3id\.org\/ro\/)/;
for (const entity of crate.entities()) {
  for (const [name, values] of Object.entries(entity)) {
    if (name.startsWith('@')) continue;
    for (const value of Array.isArray(values) ? values : [values])
      if (value?.['@id'] && !external.test(value['@id']) && !crate.getEntity(value['@id'])) fail(`${entity['@id']}.${name}: ${value['@id']} is nowhere`);
  }
}
const actions = [...crate.entities()].filter(entity => entity['@type'].includes('CreateAction'));
if (!actions.some(action => ids(action.instrument).includes(workflow['@id']))) fail('no action executes the workflow');
for (const action of actions) {
  if (!action.instrument?.length) fail(action['@id'] + ' has no instrument');
  if (!ids(root.mentions).includes(action['@id'])) fail(action['@id'] + ' is not mentioned');
}
const missing = ids(root.hasPart).filter(id => !fs.existsSync(path.join(directory, decodeURI(id))));
console.log(JSON.stringify({ actions: actions.length, parts: root.hasPart.length, missing: missing.length }));
