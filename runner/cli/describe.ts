/**
 * `runner list` and `runner describe`: what can be run, and what it is.
 */
import type { Command } from 'commander';
import { drawMermaid, drawText } from '../../topologies/drawing.js';
import { findTopology, SHIPPED } from '../topology-catalog.js';
import { say, table } from './terminal.js';

export function addDescribe(program: Command): void {
  program
    .command('list')
    .description('list the shipped topologies')
    .action(() => {
      say(table(Object.entries(SHIPPED).map(([name, { about }]) => [name, about])));
    });
  program
    .command('describe')
    .description('draw a topology without running it')
    .argument('<name>', 'a shipped name, or a path such as ./my.topology.js')
    .option('--mermaid', 'as a Mermaid flowchart')
    .option('--features <set>', 'feature set of the decision loop')
    .action(async (name: string, options: { mermaid?: boolean; features?: string }) => {
      const topology = await findTopology(name, {
        clock: 'wall',
        ...(options.features === undefined ? {} : { features: options.features }),
      });
      say(options.mermaid ? drawMermaid(topology) : drawText(topology));
    });
}
