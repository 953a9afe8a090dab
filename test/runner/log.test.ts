import { describe, expect, it } from 'vitest';
import { DivertError } from '../../schemas/errors.js';
import { createLogger } from '../../runner/log.js';

const capture = (options: { level?: string; pretty?: boolean } = {}) => {
  const lines: string[] = [];
  const log = createLogger({ ...options, out: { write: (line) => lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
};

describe('log', () => {
  it('L2: ids of party, account, instrument, device and ip are redacted at any depth and spelling', () => {
    const { log, last, lines } = capture();
    log.info(
      {
        party_id: 'P-9001',
        accountId: '9002',
        deep: { list: [{ instrument_id: 9003n, device: '9004' }], ip: '9005', ip_address: '9006' },
      },
      'seen',
    );
    expect(lines.join('')).not.toMatch(/900\d/);
    expect(last()).toMatchObject({
      party_id: '[redacted]',
      accountId: '[redacted]',
      deep: { list: [{ instrument_id: '[redacted]', device: '[redacted]' }], ip: '[redacted]' },
    });
  });

  it("L2: a child's bindings and an error's cause pass the same redaction", () => {
    const { log, lines, last } = capture();
    const cause = Object.assign(new Error('inner'), { account_id: '9002' });
    log
      .child({ topology: 'rtdl', device_id: '9004' })
      .error({ err: new DivertError('DECODE_FAILED', 'bad bytes', { cause }) }, 'diverted');
    expect(lines.join('')).not.toMatch(/900\d/);
    expect(last()).toMatchObject({
      topology: 'rtdl',
      device_id: '[redacted]',
      err: { code: 'DECODE_FAILED', disposition: 'divert', message: 'bad bytes' },
    });
  });

  it('L2: an error alone, and a child of a child, pass the same redaction', () => {
    const { log, lines, last } = capture();
    log.warn(Object.assign(new Error('lost'), { party_id: '9001' }));
    expect(last()).toMatchObject({ err: { type: 'Error', message: 'lost' } });
    log.child({ task: 'a' }).child({ ip_id: '9003' }).info('seen %s');
    expect(lines.join('')).not.toMatch(/900\d/);
    expect(last()).toMatchObject({ task: 'a', ip_id: '[redacted]', msg: 'seen %s' });
  });

  it('L1: payloads and bytes never appear, their size does; a count called records does', () => {
    const { log, last, lines } = capture();
    log.info({ payload: { amount: 12.5 }, value: Buffer.from('secret'), raw: new Uint8Array(7) });
    expect(lines.join('')).not.toMatch(/12\.5|secret|115,101/);
    expect(last()).toMatchObject({
      payload: '[payload, left out]',
      value: '[payload, 6 bytes]',
      raw: '[7 bytes]',
    });
    log.info({ records: 1000, offset: 12n });
    expect(last()).toMatchObject({ records: 1000, offset: '12' });
  });

  it('bounds: depth and width are cut and named, a cycle ends', () => {
    const { log, last } = capture();
    const loop: Record<string, unknown> = {};
    loop['again'] = loop;
    log.info({ loop, many: Array.from({ length: 80 }, (_, at) => at) });
    expect(JSON.stringify(last()['loop'])).toContain('[deeper]');
    expect(last()['many']).toHaveLength(51);
    expect((last()['many'] as unknown[]).at(-1)).toBe('[30 more]');
  });

  it('LOG_LEVEL decides what is written; another word is refused with the ones there are', () => {
    const { log, lines } = capture({ level: 'WARN' });
    log.info('quiet');
    log.warn('loud');
    expect(lines).toHaveLength(1);
    expect(() => capture({ level: 'chatty' })).toThrow(/LOG_LEVEL is 'chatty'; use one of trace/);
  });

  it('L3: the readable form is one line per entry, and hostile text cannot break or colour it', () => {
    const { log, lines } = capture({ pretty: true });
    log
      .child({ topology: 'rtdl', task: 'rtdl/join/0' })
      .info({ round: 7, note: 'a\nb \u001b[31mred' }, 'com\nmitted');
    expect(lines).toHaveLength(1);
    const line = lines[0] ?? '';
    expect(line).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}rtdl\/join\/0 {2}com\\u000amitted {2}round=7 /,
    );
    expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f]/);
    expect(line.endsWith('\n')).toBe(true);
  });
});
