/**
 * A topology drawn: as text for a terminal, as Mermaid for a page. Generated from the value, so it is
 * what runs.
 */
import type { WiredNode } from '../operators/wiring.js';
import type { Stage } from './stages.js';
import type { Topology } from './topology.js';

/** Lines for a terminal: stages in order, what they read, hold, compute and send on. */
export function drawText(topology: Topology): string {
  const lines = [`topology ${topology.name}`];
  for (const stage of topology.stages) {
    const after = stage.after.length > 0 ? `, after ${stage.after.join(' and ')}` : '';
    lines.push('', `stage ${stage.name}${after}`);
    for (const source of topology.sources.filter((one) => stage.sources.includes(one.name))) {
      const how = source.broadcast ? ' (read whole by every task)' : '';
      lines.push(`  reads   ${source.name.padEnd(12)} ${source.topic.name}${how}`);
    }
    for (const store of topology.stores.filter((one) => one.stage === stage.name)) {
      lines.push(`  holds   ${store.name.padEnd(12)} ${storeText(store.spec)}`);
    }
    for (const node of nodesOf(topology, stage)) {
      if (node.kind === 'source' || node.kind === 'merge') continue;
      lines.push(`  ${VERBS[node.kind].padEnd(7)} ${nodeText(node)}`);
    }
  }
  return lines.join('\n');
}

const VERBS: Readonly<Record<WiredNode['kind'], string>> = {
  source: 'reads',
  merge: 'merges',
  operator: 'steps',
  border: 'asks',
  rekey: 'enters',
  sink: 'writes',
};

function nodeText(node: WiredNode): string {
  switch (node.kind) {
    case 'sink':
      return `${node.name.padEnd(12)} ${node.target}`;
    case 'rekey':
      return 'by the new key';
    case 'border':
      return `${node.name.padEnd(12)} ${node.target}`;
    case 'operator':
      return node.stores.length > 0
        ? `${node.name.padEnd(12)} with ${node.stores.join(', ')}`
        : node.name;
    case 'source':
    case 'merge':
      return node.name;
  }
}

function storeText(spec: Topology['stores'][number]['spec']): string {
  return spec.kind === 'guard'
    ? `guard of at most ${spec.keysMax} ids`
    : `at most ${spec.keysMax} keys, version ${spec.version}`;
}

const nodesOf = (topology: Topology, stage: Stage): readonly WiredNode[] =>
  stage.nodes.flatMap((id) => topology.nodes[id] ?? []);

/** A Mermaid flowchart: one subgraph per stage, topics as round boxes. */
export function drawMermaid(topology: Topology): string {
  const lines = ['flowchart LR'];
  const topics = new Set<string>();
  const topicBox = (name: string): string => {
    const id = `t_${name.replaceAll(/[^a-zA-Z0-9]/g, '_')}`;
    if (!topics.has(id)) lines.push(`  ${id}(["${name}"])`);
    topics.add(id);
    return id;
  };
  const edges: string[] = [];
  for (const source of topology.sources) topicBox(source.topic.name);
  for (const sink of topology.sinks) topicBox(sink.topic.name);
  for (const stage of topology.stages) {
    lines.push(`  subgraph ${stage.name}`);
    for (const node of nodesOf(topology, stage)) {
      if (node.kind === 'source' || node.kind === 'sink') continue;
      lines.push(`    n${node.id}["${node.name}"]`);
    }
    lines.push('  end');
  }
  for (const node of topology.nodes) {
    for (const input of node.inputs) {
      const from = topology.nodes[input];
      if (!from || node.kind === 'source') continue;
      const left = from.kind === 'source' ? topicBox(from.name) : `n${from.id}`;
      const right = node.kind === 'sink' ? topicBox(node.target) : `n${node.id}`;
      edges.push(`  ${left} --> ${right}`);
    }
  }
  return [...lines, ...edges].join('\n');
}
