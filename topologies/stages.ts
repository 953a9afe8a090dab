/**
 * Stages: the parts of a topology whose records share a key, found from the drawing.
 *
 * Nodes joined by anything but a rekey are one stage; broadcast sources belong to every stage that
 * reads them. A rekey starts the stage it names. Enforces T1 to T3 of `topology.ts`.
 */
import { UsageError } from '../schemas/errors.js';
import type { StoreSpec } from '../state/port.js';
import type { WiredNode } from '../operators/wiring.js';
import type { TopologySource, TopologyStore } from './topology.js';

export interface Stage {
  readonly name: string;
  /** Sources read by this stage's tasks, broadcast ones included, by rank. */
  readonly sources: readonly string[];
  readonly nodes: readonly number[];
  /** Stages that send to this one. */
  readonly after: readonly string[];
  /** Partition count of its own sources; undefined for a stage fed only by rekeys. */
  readonly partitions: number | undefined;
}

interface Drawing {
  readonly name: string;
  readonly nodes: readonly WiredNode[];
  readonly sources: readonly TopologySource[];
  readonly sinks: readonly { readonly name: string; readonly topic: { readonly name: string } }[];
  readonly specs: readonly (readonly [string, StoreSpec])[];
}

export function drawStages(drawing: Drawing): {
  readonly stages: readonly Stage[];
  readonly stores: readonly TopologyStore[];
} {
  const stageOf = nameStages(drawing);
  refuseUnused(drawing, stageOf);
  const names = [...new Set(stageOf.filter((name) => name !== undefined))];
  const stages = names.map((name) => describeStage(drawing, stageOf, name));
  return { stages: inOrder(drawing.name, stages), stores: ownStores(drawing, stageOf) };
}

/** Stage name of each node; undefined for a broadcast source, which belongs to its readers. */
function nameStages(drawing: Drawing): readonly (string | undefined)[] {
  const { nodes, sources } = drawing;
  const broadcast = new Set(sources.filter((one) => one.broadcast).map((one) => one.name));
  const floats = (node: WiredNode): boolean => node.kind === 'source' && broadcast.has(node.target);
  const root = nodes.map((_, at) => at);
  const find = (at: number): number => {
    let up = at;
    while (root[up] !== up) up = root[up] ?? up;
    return up;
  };
  for (const node of nodes) {
    if (node.kind === 'rekey') continue;
    for (const input of node.inputs) {
      const from = nodes[input];
      if (from && !floats(from)) root[find(input)] = find(node.id);
    }
  }
  const names = new Map<number, string>();
  const claim = (at: number, name: string): void => {
    const held = names.get(find(at));
    if (held !== undefined && held !== name) {
      throw new UsageError(
        `Topology "${drawing.name}" joins stage "${held}" with stage "${name}" without a rekey; rekey one of them first.`,
      );
    }
    names.set(find(at), name);
  };
  for (const node of nodes) {
    if (node.kind === 'rekey') claim(node.id, node.target);
    const named = sources.find((one) => node.kind === 'source' && one.name === node.target)?.stage;
    if (named !== undefined) claim(node.id, named);
  }
  return nodes.map((node) => (floats(node) ? undefined : (names.get(find(node.id)) ?? 'main')));
}

function refuseUnused(drawing: Drawing, stageOf: readonly (string | undefined)[]): void {
  const { name, nodes } = drawing;
  for (const source of drawing.sources) {
    const node = nodes.find((one) => one.kind === 'source' && one.target === source.name);
    if (!nodes.some((one) => node && one.inputs.includes(node.id))) {
      throw new UsageError(
        `Topology "${name}" never reads source "${source.name}"; wire or remove it.`,
      );
    }
    if (source.broadcast && source.topic.partitions > 1) {
      throw new UsageError(
        `Topology "${name}" broadcasts source "${source.name}", which has ${source.topic.partitions} partitions; a broadcast topic has one.`,
      );
    }
  }
  for (const sink of drawing.sinks) {
    if (!nodes.some((one) => one.kind === 'sink' && one.name === sink.name)) {
      throw new UsageError(
        `Topology "${name}" never writes sink "${sink.name}"; end a pipe with to(${sink.name}).`,
      );
    }
  }
  for (const [store] of drawing.specs) {
    const owners = nodes.filter((one) => one.stores.includes(store));
    const stage = owners[0] && stageOf[owners[0].id];
    if (owners.length !== 1 || stage === undefined) {
      throw new UsageError(
        owners.length === 0
          ? `Topology "${name}" never uses store "${store}"; give it to an operator or remove it.`
          : `Topology "${name}" gives store "${store}" to ${owners.length} operators; a store has one owner.`,
      );
    }
  }
}

function describeStage(
  drawing: Drawing,
  stageOf: readonly (string | undefined)[],
  name: string,
): Stage {
  const { nodes } = drawing;
  const inside = nodes.filter((node) => stageOf[node.id] === name);
  const readsNode = (id: number): boolean =>
    stageOf[id] === name || inside.some((node) => node.inputs.includes(id));
  const sources = drawing.sources.filter((source) =>
    nodes.some(
      (node) => node.kind === 'source' && node.target === source.name && readsNode(node.id),
    ),
  );
  const counts = new Set(
    sources.filter((one) => !one.broadcast).map((one) => one.topic.partitions),
  );
  if (counts.size > 1) {
    const list = sources.map((one) => `${one.name} (${one.topic.partitions})`).join(', ');
    throw new UsageError(
      `Stage "${name}" of topology "${drawing.name}" reads sources of different partition counts: ${list}; make them equal or rekey.`,
    );
  }
  const after = inside
    .filter((node) => node.kind === 'rekey')
    .flatMap((node) => node.inputs.map((input) => stageOf[input] ?? 'main'));
  return {
    name,
    sources: sources.map((one) => one.name),
    nodes: inside.map((node) => node.id),
    after: [...new Set(after)],
    partitions: [...counts][0],
  };
}

/** Stages upstream first; a cycle is refused (T2). */
function inOrder(topology: string, stages: readonly Stage[]): readonly Stage[] {
  const done: Stage[] = [];
  const left = [...stages];
  while (left.length > 0) {
    const at = left.findIndex((stage) =>
      stage.after.every((name) => done.some((one) => one.name === name)),
    );
    const next = left[at];
    if (!next) {
      throw new UsageError(
        `Topology "${topology}" has a cycle through stages ${left.map((one) => one.name).join(', ')}; send the answer to a topic instead.`,
      );
    }
    done.push(next);
    left.splice(at, 1);
  }
  return done;
}

function ownStores(
  drawing: Drawing,
  stageOf: readonly (string | undefined)[],
): readonly TopologyStore[] {
  const ordinals = new Map<string, number>();
  return drawing.specs.map(([name, spec]) => {
    const owner = drawing.nodes.find((node) => node.stores.includes(name));
    const stage = (owner && stageOf[owner.id]) ?? 'main';
    const ordinal = ordinals.get(stage) ?? 0;
    ordinals.set(stage, ordinal + 1);
    return { name, spec, stage, ordinal };
  });
}
